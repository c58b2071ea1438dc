//! The two media, case by case.

use any2any::serde_json::json;
use any2any::testing::Tested;
use any2any::{Adapter, Head, Region, Sequence, Value};

use crate::medium::Alphabet;
use crate::{AMINO_ACIDS, SECONDARY_STRUCTURE};

#[test]
fn values_are_opened() {
    let open = |medium: Alphabet, fields: &[&str]| {
        let value = match fields {
            [text] => Value::from(*text),
            fields => Value::Series(fields.iter().map(|field| Value::from(*field)).collect()),
        };
        Tested(medium).open(&json!({ "field": "text" }), &value).ok().map(|opened| opened.value.to_string())
    };
    let amino_acids = |fields: &[&str]| open(AMINO_ACIDS, fields);
    let structure = |fields: &[&str]| open(SECONDARY_STRUCTURE, fields);
    for (opened, expected) in [
        (amino_acids(&["mkUz"]), Some("MKXX")),
        (amino_acids(&["MK*"]), Some("MK*")),
        (structure(&["HHEC"]), Some("HHEC")),
        (structure(&["HHEC", "0111"]), Some("-HEC")),
        (structure(&["HHEC", "011"]), None),
        (structure(&["HHEC", "01 1"]), None),
        (structure(&["HHEC", "1111", "1111"]), None),
        (structure(&[""]), Some("")),
    ] {
        assert_eq!(opened.as_deref(), expected);
    }
}

#[test]
fn letters_are_tokens_and_what_is_unknown_is_never_written() {
    let states = SECONDARY_STRUCTURE;
    let encoded = states.encode(&"HC-".into()).expect("letters of the alphabet");
    assert_eq!(encoded.sequence, Sequence::Tokens(vec![3, 5, 6, 2]));
    assert_eq!(encoded.regions[2..], [Region::Bytes(2..3), Region::Nothing]);
    let decoded = states.decode(&Sequence::Tokens(vec![3, 5])).expect("letters");
    assert_eq!(decoded.value, Value::from("HC"));
    let acids = Alphabet { letters: "ACX", ..AMINO_ACIDS };
    let residues = acids.encode(&"CX".into()).expect("letters of the alphabet");
    assert_eq!(residues.sequence.frames().expect("frames").values(), [0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
    assert!(acids.encode(&"".into()).is_err(), "an empty chain has nothing to read");
    assert!(acids.encode(&"C*".into()).is_err(), "a letter that is none of the alphabet");
    assert!(states.encode(&"HG".into()).is_err(), "a state that is none of the alphabet");
    let Some(Head::Softmax { vocabulary, forbidden, .. }) = states.head() else { panic!("tokens") };
    assert_eq!((vocabulary, forbidden), (7, vec![0, 1, 6]));
}
