//! A tokenizer depends on its texts alone, byte for byte, and what is saved is what is loaded.

use std::fs;

use any2any_adapter::AdapterError;
use any2any_adapter::testing::Tested;
use any2any_text::Text;
use serde_json::{Value as Json, json};

use crate::corpus::{encode, fitted, kinds, options, texts};

fn saved(options: &Json) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    fitted(options).save(folder.path()).expect("a writable folder");
    fs::read(folder.path().join("tokenizer.json")).expect("it was saved")
}

#[test]
fn ten_trainings_give_the_same_bytes() {
    for kind in kinds() {
        let options = options(kind.clone());
        let first = saved(&options);
        for _ in 1..10 {
            assert!(saved(&options) == first, "{kind}");
        }
    }
}

#[test]
fn the_order_of_texts_and_threads_does_not_matter() {
    for kind in kinds() {
        let options = options(kind.clone());
        let first = saved(&options);
        let mut reversed = texts();
        reversed.reverse();
        let (kind_again, options_again) = (kind.clone(), options.clone());
        let other = std::thread::spawn(move || {
            let folder = tempfile::tempdir().expect("a folder");
            let adapter = Tested(Text)
                .fit(&options_again, &mut reversed.iter())
                .unwrap_or_else(|error| panic!("{kind_again}: {error}"));
            adapter.save(folder.path()).expect("a writable folder");
            fs::read(folder.path().join("tokenizer.json")).expect("it was saved")
        })
        .join()
        .expect("training ends");
        assert!(other == first, "{kind}");
    }
}

#[test]
fn a_loaded_adapter_is_the_saved_one() {
    for kind in kinds() {
        let options = options(kind.clone());
        let fitted = fitted(&options);
        let folder = tempfile::tempdir().expect("a folder");
        fitted.save(folder.path()).expect("a writable folder");
        let loaded =
            Tested(Text).load(&options, folder.path()).unwrap_or_else(|error| panic!("{kind}: {error}"));
        assert_eq!((loaded.stem(), loaded.head()), (fitted.stem(), fitted.head()), "{kind}");
        for text in texts() {
            assert_eq!(
                loaded.encode(&text).expect("a text"),
                fitted.encode(&text).expect("a text"),
                "{kind}"
            );
        }
        for token in 0..encode(fitted.as_ref(), "The old rose.").into_iter().max().unwrap_or(0) {
            assert_eq!(loaded.show(token), fitted.show(token));
        }
        let again = tempfile::tempdir().expect("a folder");
        loaded.save(again.path()).expect("a writable folder");
        let read =
            |folder: &tempfile::TempDir| fs::read(folder.path().join("tokenizer.json")).expect("saved");
        assert!(read(&again) == read(&folder), "{kind}");
    }
}

#[test]
fn broken_files_are_named_with_what_is_wrong() {
    let options = options(json!({ "bpe": { "vocab": 330 } }));
    let good = String::from_utf8(saved(&options)).expect("JSON is text");
    let mut lowercased = options.clone();
    lowercased["lowercase"] = json!(true);
    let larger = self::options(json!({ "bpe": { "vocab": 331 } }));
    let words = self::options(json!({ "words": { "vocab": 330 } }));
    let cases = [
        (&options, None, "cannot be read"),
        (&options, Some(String::new()), "no JSON"),
        (&options, Some(good[..good.len() / 2].to_owned()), "no JSON"),
        (&options, Some("{}".to_owned()), "its normalizer does not belong"),
        (&options, Some(good.replace("\"BPE\"", "\"GPT\"")), "its model is \"GPT\""),
        (&options, Some(good.replace("\"merges\"", "\"mergers\"")), "its model is broken"),
        (&options, Some(good.replace("\"<pad>\": 0", "\"<bad>\": 0")), "does not start with <pad>"),
        (&options, Some(good.replace("\"<pad>\": 0", "\"<pad>\": 9999")), "has no token 0"),
        (&lowercased, Some(good.clone()), "its normalizer does not belong"),
        (&larger, Some(good.clone()), "it has 330 tokens"),
        (&words, Some(good.clone()), "its model is \"BPE\""),
    ];
    for (options, document, expected) in cases {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("tokenizer.json");
        if let Some(document) = document {
            fs::write(&path, document).expect("a writable folder");
        }
        match Tested(Text).load(options, folder.path()).map(|_| ()) {
            Err(AdapterError::File { path: named, reason }) => {
                assert_eq!(named, path);
                assert!(reason.contains(expected), "{reason} instead of {expected}");
            }
            other => panic!("{other:?} instead of {expected}"),
        }
    }
}
