//! The medium of tokens.

use any2any_adapter::testing::{Tested, conforms};
use any2any_adapter::{File, Region, Sequence, Value};
use any2any_arrays::{Ids, Tokens};
use serde_json::json;

fn values() -> Vec<Value> {
    vec!["5 0 7".into(), "[1, 2]".into(), File::in_memory("a.txt", b"9 9\n".to_vec()).into()]
}

fn opened() -> Vec<Value> {
    let open = |value| Tested(Tokens).open(&json!({ "field": "x" }), value).expect("ids").value;
    values().iter().map(open).collect()
}

#[test]
fn every_output_conforms() {
    let names = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(names.path(), "zero\none\ntwo\n").expect("written");
    for options in [
        json!({ "field": "x" }),
        json!({ "field": "x", "vocab": 12, "shared": true }),
        json!({ "field": "x", "output": "npy" }),
        json!({ "field": "x", "names": names.path() }),
    ] {
        conforms(Tokens, options, &values());
    }
}

#[test]
fn ids_stand_behind_the_special_tokens() {
    let options = json!({ "field": "x" });
    let adapter = Tested(Tokens).fit(&options, &mut opened().iter()).expect("an adapter");
    let encoded = adapter.encode(&opened()[0]).expect("ids");
    assert_eq!(encoded.sequence, Sequence::Tokens(vec![8, 3, 10, 2]));
    assert_eq!(encoded.regions[2..], [Region::Items(2..3), Region::Nothing]);
    assert_eq!(adapter.longest(), Some(4));
    let decoded = adapter.decode(&Sequence::Tokens(vec![8, 0, 3])).expect("tokens");
    assert_eq!(decoded.value, Value::custom(Ids(vec![5, 0])));
    assert_eq!(decoded.regions, [Region::Items(0..1), Region::Nothing, Region::Items(1..2)]);
    assert_eq!(adapter.to_file(&decoded.value).expect("a file").bytes, b"5 0\n");
    assert!(adapter.decode(&Sequence::Tokens(vec![13])).is_err());
    let beyond = adapter.encode(&Value::custom(Ids(vec![1, 10]))).expect_err("beyond").to_string();
    assert!(
        beyond.contains("id 10 at place 1, counted from 0, is outside the vocabulary of 10 ids"),
        "{beyond}"
    );
}

#[test]
fn names_are_shown_and_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let names = folder.path().join("names.txt");
    std::fs::write(&names, "zero\none\n").expect("written");
    let options = json!({ "field": "x", "names": names });
    assert_eq!(Tested(Tokens).check_files(&options), []);
    let adapter = Tested(Tokens).fit(&options, &mut opened().iter()).expect("an adapter");
    adapter.save(folder.path()).expect("saved");
    std::fs::remove_file(&names).expect("removed");
    let loaded = Tested(Tokens).load(&options, folder.path()).expect("loaded");
    let shown = [0, 3, 4, 5, 99].map(|token| loaded.show(token));
    assert_eq!(shown, ["<padding>", "zero", "one", "2", "<token 99>"]);
    let problems = Tested(Tokens).check_files(&options);
    assert_eq!(problems.first().map(|problem| &*problem.pointer), Some("/names"), "{problems:?}");
}

#[test]
fn what_does_not_belong_is_refused_by_name() {
    let file = |bytes: &[u8]| Value::File(File::in_memory("x/a.txt", bytes.to_vec()));
    for (options, value, reason) in [
        (json!({ "field": "x", "vocab": 3 }), file(b"1 3"), "cannot read x/a.txt: id 3 at place 1"),
        (json!({ "field": "x" }), "1 -2".into(), "has '-2' where an id"),
        (json!({ "field": "x" }), "".into(), "there is no id in it"),
        (json!({ "field": "x" }), file(b"PK\x03\x04"), "an archive of arrays (NPZ)"),
    ] {
        let error = Tested(Tokens).open(&options, &value).expect_err(reason).to_string();
        assert!(error.contains(reason), "{error}");
    }
    let huge = Value::custom(Ids(vec![u32::MAX]));
    let error =
        Tested(Tokens).fit(&json!({ "field": "x" }), &mut [&huge].into_iter()).err().expect("too many");
    assert!(error.to_string().contains("a vocabulary has at most 4194304 ids"), "{error}");
    let found = Tested(Tokens).check(&json!({ "field": "", "vocab": 0 }));
    let pointers: Vec<&str> = found.iter().map(|problem| problem.pointer.as_str()).collect();
    assert_eq!(pointers, ["/field", "/vocab"]);
}

#[test]
fn sides_that_say_so_share_a_vocabulary() {
    let key = |options| Tested(Tokens).sharing(&options);
    let shared = key(json!({ "field": "a", "shared": true }));
    assert!(shared.is_some());
    assert_eq!(shared, key(json!({ "field": "b", "shared": true })));
    assert_ne!(shared, key(json!({ "field": "b", "shared": true, "vocab": 9 })));
    assert_eq!(key(json!({ "field": "a" })), None);
}

#[test]
fn prices_bound_the_ids() {
    let price = |value: &Value| Tested(Tokens).price(&json!({ "field": "x" }), value).expect("a price");
    for value in values() {
        let count = Tested(Tokens).open(&json!({ "field": "x" }), &value).expect("ids").value;
        let count = count.as_custom::<Ids>().expect("ids").0.len() as u64;
        let price = price(&value);
        assert!(
            price.positions.is_some_and(|positions| positions > count) && price.bytes >= 4 * count,
            "{price:?}"
        );
    }
}
