//! Tokenizers that come from elsewhere: the files under `golden`, made by `golden/make.py` with the Python
//! package `tokenizers`.

use std::fs;

use any2any_adapter::testing::Tested;
use any2any_adapter::{Adapter, AdapterError, Head, Region, Sequence, Stem, Value};
use any2any_text::Text;
use serde_json::{Value as Json, json};

use crate::corpus::{encode, golden, options};

/// The tokenizers, and the names that their special tokens need.
fn tokenizers() -> [(&'static str, Json); 3] {
    let gpt = json!({ "begin": "<|endoftext|>" });
    [("byte_level_bpe", gpt), ("bert_word_piece", json!({})), ("metaspace_unigram", json!({}))]
}

fn file_options(name: &str, special: &Json) -> Json {
    let mut file = special.clone();
    file["path"] = json!(golden(&format!("{name}.json")));
    options(json!({ "file": file }))
}

fn load(name: &str, special: &Json) -> std::sync::Arc<dyn Adapter> {
    let options = file_options(name, special);
    assert_eq!((Tested(Text).check(&options), Tested(Text).check_files(&options)), (vec![], vec![]));
    Tested(Text).fit(&options, &mut [].iter()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn tokens_regions_and_texts_are_those_of_python() {
    for (name, special) in tokenizers() {
        let adapter = load(name, &special);
        let expected = fs::read_to_string(golden(&format!("{name}.expected.json"))).expect("a golden file");
        let expected: Json = serde_json::from_str(&expected).expect("JSON");
        let cases = expected["cases"].as_array().expect("cases");
        assert!(cases.len() >= 14);
        for case in cases {
            let text = case["text"].as_str().expect("a text");
            let encoded = adapter.encode(&Value::from(text)).expect("a text");
            let (end, tokens) =
                encoded.sequence.tokens().and_then(<[u32]>::split_last).expect("at least the end");
            assert_eq!(json!(tokens), case["ids"], "{name}: {text:?}");
            let covered: Vec<&str> = encoded.regions[..tokens.len()]
                .iter()
                .map(|region| match region {
                    Region::Bytes(range) => &text[range.clone()],
                    _ => "",
                })
                .collect();
            assert_eq!(json!(covered), case["covered"], "{name}: {text:?}");
            assert!(adapter.show(*end).contains(['/', 'S', '|']));
            let decoded = adapter.decode(&Sequence::Tokens(tokens.to_vec())).expect("its own tokens");
            assert_eq!(json!(decoded.value.to_string()), case["decoded"], "{name}: {text:?}");
            assert_eq!(decoded.regions.len(), tokens.len());
            let mut reached = 0;
            for region in &decoded.regions {
                if let Region::Bytes(range) = region {
                    assert!(range.start <= reached, "{name}: {text:?} {:?}", decoded.regions);
                    reached = range.end;
                }
            }
            assert_eq!(reached, decoded.value.to_string().len(), "{name}: {text:?}");
        }
    }
}

#[test]
fn special_tokens_are_found_or_asked_for() {
    let head = |padding, begin, end, vocabulary, forbidden: &[u32]| Head::Softmax {
        vocabulary,
        padding,
        begin,
        end,
        forbidden: forbidden.to_vec(),
    };
    for ((name, special), expected) in tokenizers().into_iter().zip([
        head(0, 1, 1, 330, &[0]),
        head(0, 2, 3, 160, &[0, 1, 2]),
        head(1, 0, 2, 100, &[0, 1, 3]),
    ]) {
        let adapter = load(name, &special);
        assert_eq!(adapter.head(), Some(expected), "{name}");
        assert!(matches!(adapter.stem(), Stem::Lookup { .. }));
    }
    let from_end = load("byte_level_bpe", &json!({}));
    assert_eq!(from_end.head(), Some(head(0, 1, 1, 330, &[0])));
    assert_eq!(from_end.warnings().len(), 1, "{:?}", from_end.warnings());
    for (special, pointer, message) in [
        (json!({ "begin": "<bos>" }), "/tokenizer/file/begin", "the tokenizer has no token '<bos>'"),
        (
            json!({ "begin": "a", "unknown": "?!" }),
            "/tokenizer/file/unknown",
            "the tokenizer has no token '?!'",
        ),
    ] {
        let options = file_options("byte_level_bpe", &special);
        let problems = Tested(Text).check_files(&options);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(problems[0].pointer, pointer);
        assert!(problems[0].message.contains(message), "{problems:?}");
        let error = Tested(Text).fit(&options, &mut [].iter()).map(|_| ()).expect_err("the same").to_string();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn a_run_keeps_its_own_copy() {
    for (name, special) in tokenizers() {
        let adapter = load(name, &special);
        let folder = tempfile::tempdir().expect("a folder");
        adapter.save(folder.path()).expect("a writable folder");
        let mut options = file_options(name, &special);
        options["tokenizer"]["file"]["path"] = json!("gone.json");
        let loaded =
            Tested(Text).load(&options, folder.path()).unwrap_or_else(|error| panic!("{name}: {error}"));
        for text in ["The ferry leaves.", "Fähre 渡船"] {
            assert_eq!(encode(loaded.as_ref(), text), encode(adapter.as_ref(), text));
        }
    }
}

#[test]
fn files_that_are_none_are_named() {
    let missing = options(json!({ "file": { "path": "nowhere/tokenizer.json" } }));
    let script = options(json!({ "file": { "path": golden("make.py") } }));
    for (options, expected) in [
        (missing, "nowhere/tokenizer.json"),
        (script, "neither a tokenizer.json of Hugging Face's format nor a .model of SentencePiece"),
    ] {
        assert_eq!(Tested(Text).check(&options), [], "a run needs no file outside it");
        let problems = Tested(Text).check_files(&options);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].pointer, "/tokenizer/file/path");
        assert!(problems[0].message.contains(expected), "{problems:?}");
        let error = Tested(Text).fit(&options, &mut [].iter()).map(|_| ()).expect_err("no tokenizer");
        assert!(matches!(error, AdapterError::File { .. }), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn tokens_outside_are_an_error_and_shown_as_such() {
    let adapter = load("bert_word_piece", &json!({}));
    let error = adapter.decode(&Sequence::Tokens(vec![5, 160])).expect_err("the last is 159").to_string();
    assert!(error.contains("token 160 is outside the vocabulary of 160 tokens"), "{error}");
    assert_eq!((adapter.show(1), adapter.show(160)), ("[UNK]".to_owned(), "<token 160>".to_owned()));
}
