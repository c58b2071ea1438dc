//! Whisper in CTranslate2's layout, which `golden/make_ctranslate2.py` converted, is the Whisper that it was made from.

use std::path::Path;

use any2any_adapter::Seed;
use any2any_pretrained::{Family, LeftOut, Pretrained, Tensor, read};
use serde_json::json;

use crate::golden::{copy, folder, set_options};

const WEIGHTS: &str = "model.bin";

fn said(folder: &Path) -> String {
    read(folder).expect_err("a broken model").to_string()
}

/// Changes the bytes of a model's variables.
fn change(folder: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let path = folder.join(WEIGHTS);
    let mut bytes = std::fs::read(&path).expect("a file");
    change(&mut bytes);
    std::fs::write(&path, bytes).expect("written");
}

/// The place behind the name of a variable, at the number of its dimensions.
fn behind(bytes: &[u8], name: &str) -> usize {
    let name = [name.as_bytes(), &[0]].concat();
    let start = bytes.windows(name.len()).position(|window| window == name);
    start.expect("a variable of the model") + name.len()
}

fn both(name: &str) -> [Pretrained; 2] {
    ["whisper", name].map(|model| read(&folder(model)).unwrap_or_else(|error| panic!("{model}: {error}")))
}

#[test]
fn a_converted_model_is_the_one_that_it_was_made_from() {
    let [theirs, ours] = both("whisper_ct2");
    assert_eq!(ours.family, Family::Whisper);
    assert_eq!(ours.architecture, theirs.architecture);
    assert_eq!(ours.positions, theirs.positions);
    assert_eq!(ours.weights, theirs.weights);
    assert_eq!(ours.tokens.decoder_start, theirs.tokens.decoder_start);
    assert_eq!(ours.tokens.end, theirs.tokens.end);
    assert_eq!(ours.tokens.suppressed, [5, 6, 11]);
    assert_eq!(ours.tokens.begin_suppressed, [2, 8]);
    assert_eq!(ours.decoding.max_length, Some(32), "as many as it has positions");
}

#[test]
fn floats_of_16_bits_are_the_rounded_ones() {
    let [theirs, ours] = both("whisper_ct2_f16");
    assert_eq!(ours.architecture, theirs.architecture);
    for (name, Tensor { shape, values }) in &theirs.weights {
        let rounded = &ours.weights[name];
        assert_eq!(&rounded.shape, shape, "{name}");
        for (value, rounded) in values.iter().zip(&rounded.values) {
            assert!((value - rounded).abs() <= value.abs() / 2048.0 + 1e-7, "{name}: {value} and {rounded}");
        }
    }
}

#[test]
fn every_variable_is_accounted_for_by_its_own_name() {
    let parts = read(&folder("whisper_ct2")).expect("a model").parts;
    let part = |name: &str| parts.iter().find(|part| part.theirs == name).expect("it is accounted for");
    let fused = part("decoder/layer_0/self_attention/linear_0/weight");
    assert_eq!((&fused.shape[..], fused.ours.len()), (&[48, 16][..], 3));
    // Keys have no bias.
    assert_eq!(part("decoder/layer_2/attention/linear_1/bias").ours.len(), 1);
    assert_eq!(part("encoder/position_encodings/encodings").left_out, Some(LeftOut::Sinusoidal));
    let of = "decoder/embeddings/weight".to_owned();
    assert_eq!(part("decoder/projection/weight").left_out, Some(LeftOut::Duplicate { of }));
    assert!(parts.iter().all(|part| part.theirs.contains('/')), "{parts:?}");
}

#[test]
fn a_vocabulary_may_have_a_line_for_each_token() {
    let folder = copy("whisper_ct2");
    let list = folder.path().join("vocabulary.json");
    let tokens: Vec<String> =
        serde_json::from_slice(&std::fs::read(&list).expect("a file")).expect("a list of tokens");
    std::fs::remove_file(&list).expect("it was there");
    assert!(said(folder.path()).contains("holds no vocabulary.json and no vocabulary.txt"));
    let lines = folder.path().join("vocabulary.txt");
    std::fs::write(&lines, tokens.join("\n") + "\n").expect("written");
    let roles = read(folder.path()).expect("a model").tokens;
    assert_eq!((roles.decoder_start, &roles.end[..]), (Some(1), &[2][..]));
    std::fs::write(&lines, tokens.join("\n") + "\nmore\n").expect("written");
    assert!(said(folder.path()).contains("its vocabulary has 41 tokens, and its table 40 rows"));
}

#[test]
fn what_cannot_be_said_is_refused_by_name() {
    let said_8_bits = said(&folder("whisper_ct2_int8"));
    assert!(
        said_8_bits.contains("holds 8-bit whole numbers with scales; take a version of the model in F32"),
        "{said_8_bits}"
    );
    for (name, value, wanted) in [
        ("decoder/activation", 0, "`decoder/activation` is 0, not 3: the activation of Whisper is GELU"),
        ("decoder/pre_norm", 0, "`decoder/pre_norm` is 0, not 1"),
        ("decoder/num_heads", 3, "`decoder/num_heads` is 3, which does not divide the model's width of 16"),
        ("encoder/num_heads", 0, "`encoder/num_heads` is 0"),
    ] {
        let folder = copy("whisper_ct2");
        // Behind the number of dimensions, the type and the number of bytes.
        change(folder.path(), |bytes| {
            let place = behind(bytes, name) + 6;
            bytes[place] = value;
        });
        assert!(said(folder.path()).contains(wanted), "{}", said(folder.path()));
    }
    let folder = copy("whisper_ct2");
    change(folder.path(), |bytes| bytes[0] = 5);
    assert!(said(folder.path()).contains("its version is 5, and CTranslate2's 6 is known"));
    let folder = copy("whisper_ct2");
    change(folder.path(), |bytes| bytes[6..9].copy_from_slice(b"Oth"));
    assert!(said(folder.path()).contains("holds revision 3 of a \"OthsperSpec\""), "{}", said(folder.path()));
    let folder = copy("whisper_ct2");
    change(folder.path(), |bytes| {
        // The last bias of a key: the dimensions stand before the type, the number of bytes and the values.
        let values = behind(bytes, "encoder/layer_0/self_attention/linear_0/bias") + 1 + 4 + 1 + 4;
        bytes[values + 4 * 31..][..4].copy_from_slice(&0.5_f32.to_le_bytes());
    });
    assert!(said(folder.path()).contains("although keys of Whisper have no bias"), "{}", said(folder.path()));
    let folder = copy("whisper_ct2");
    set_options(&folder.path().join("config.json"), &json!({"suppress_ids": [40]}));
    assert!(said(folder.path()).contains("`suppress_ids` holds what is no token of a vocabulary of 40"));
}

#[test]
fn variables_that_are_missing_or_too_many_are_named() {
    for name in ["encoder/conv1/bias", "decoder/layer_1/attention/linear_1/bias", "decoder/layer_norm/gamma"]
    {
        let folder = copy("whisper_ct2");
        // Under another name it is one too few and one too many.
        change(folder.path(), |bytes| {
            let place = behind(bytes, name) - 2;
            bytes[place] = b'X';
        });
        let wanted = format!("has no tensor {name}, which its specification asks for");
        assert!(said(folder.path()).contains(&wanted), "{}", said(folder.path()));
    }
    let folder = copy("whisper_ct2");
    change(folder.path(), |bytes| {
        let place = behind(bytes, "decoder/projection/weight") - 2;
        bytes[place] = b'X';
    });
    assert!(
        said(folder.path()).contains("has no place for: decoder/projection/weighX"),
        "{}",
        said(folder.path())
    );
}

/// Bytes that are changed at random, half of them close to names, and files that end early: read or refused, never a
/// panic.
#[test]
fn any_damage_ends_in_an_error_or_a_model() {
    let folder = copy("whisper_ct2_f16");
    let path = folder.path().join(WEIGHTS);
    let whole = std::fs::read(&path).expect("a file");
    let slashes: Vec<usize> = (0..whole.len()).filter(|&place| whole[place] == b'/').collect();
    let mut refused = 0;
    for number in 0..600 {
        let mut random = Seed(7).random("ctranslate2", number);
        let mut bytes = whole.clone();
        for _ in 0..random.below(3) + 1 {
            let close = slashes[random.below(slashes.len())] + random.below(40);
            let place = if number % 2 == 0 { random.below(bytes.len()) } else { close.min(bytes.len() - 1) };
            bytes[place] = [0, 1, 4, 0x7f, 0xff, b'/', random.below(256) as u8][random.below(7)];
        }
        std::fs::write(&path, bytes).expect("written");
        refused += usize::from(read(folder.path()).is_err());
    }
    assert!(refused > 250, "{refused} of 600 were refused");
    for number in 0..60 {
        let length = Seed(8).random("ctranslate2", number).below(whole.len());
        std::fs::write(&path, &whole[..length]).expect("written");
        assert!(said(folder.path()).contains("is damaged"), "cut at {length}");
    }
}
