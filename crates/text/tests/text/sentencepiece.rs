//! Models of SentencePiece: the files under `golden`, made by `golden/make_sentencepiece.py` with the Python package
//! `sentencepiece`.

use std::fs;
use std::sync::Arc;

use any2any_adapter::testing::Tested;
use any2any_adapter::{Adapter, Head, Region, Sequence, Value};
use any2any_text::Text;
use serde_json::{Value as Json, json};

use crate::corpus::{decode, encode, golden, options};

const NAMES: [&str; 6] = ["unigram", "unigram_bytes", "bpe", "bpe_bytes", "words", "characters"];

fn file_options(name: &str, added: &[&str]) -> Json {
    let path = golden(&format!("sentencepiece_{name}.model"));
    let mut options = options(json!({ "file": { "path": path } }));
    options["added_tokens"] = json!(added);
    options
}

fn load(name: &str, added: &[&str]) -> Arc<dyn Adapter> {
    let options = file_options(name, added);
    assert_eq!(Tested(Text).check(&options), [], "{name}");
    Tested(Text).fit(&options, &mut [].iter()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn tokens_and_texts_are_those_of_the_library() {
    for name in NAMES {
        let adapter = load(name, &[]);
        let expected = fs::read_to_string(golden(&format!("sentencepiece_{name}.expected.json")));
        let expected: Json = serde_json::from_str(&expected.expect("a golden file")).expect("JSON");
        let tokens_of = |case: &Json| -> Vec<u32> {
            serde_json::from_value(case["ids"].clone()).expect("numbers of tokens")
        };
        let cases = expected["cases"].as_array().expect("cases");
        for case in cases {
            let text = case["text"].as_str().expect("a text");
            let found = encode(adapter.as_ref(), text);
            assert_eq!(found[..found.len() - 1], tokens_of(case), "{name}: {text:?}");
        }
        let decoded = expected["decoded"].as_array().expect("cases");
        assert!(cases.len() > 15 && decoded.len() > 15);
        for case in cases.iter().chain(decoded) {
            assert_eq!(json!(decode(adapter.as_ref(), &tokens_of(case))), case["decoded"], "{name}: {case}");
        }
    }
}

#[test]
fn regions_cover_what_a_piece_comes_from() {
    for (name, text, expected) in [
        ("unigram", "  ﬁve\tferry ", vec!["ﬁ", "ve", "\tferry"]),
        ("unigram_bytes", "☃ a\u{308}", vec!["☃", "☃", "☃", " ", "a\u{308}"]),
        ("characters", "ﬁ", vec!["ﬁ", "ﬁ"]),
    ] {
        let adapter = load(name, &[]);
        let encoded = adapter.encode(&Value::from(text)).expect("a text");
        let covered: Vec<&str> = encoded
            .regions
            .iter()
            .filter_map(|region| match region {
                Region::Bytes(range) => Some(&text[range.clone()]),
                _ => None,
            })
            .collect();
        let joined = |parts: &[&str]| {
            let mut parts = parts.to_vec();
            parts.dedup();
            parts.concat()
        };
        assert_eq!(joined(&covered), joined(&expected), "{name}: {covered:?}");
    }
}

#[test]
fn what_a_model_lacks_is_added_and_said() {
    let head = |padding, begin, end, vocabulary, forbidden: &[u32]| Head::Softmax {
        vocabulary,
        padding,
        begin,
        end,
        forbidden: forbidden.to_vec(),
    };
    for (name, said, expected) in [
        ("unigram_bytes", vec![], None),
        ("characters", vec!["the tokenizer has no padding: '<pad>' is added as token"], None),
        (
            "bpe_bytes",
            vec!["the tokenizer has no padding", "decoding starts from its end token"],
            Some(head(390, 2, 2, 391, &[0, 390])),
        ),
    ] {
        let adapter = load(name, &[]);
        let warnings = adapter.warnings();
        assert_eq!(warnings.len(), said.len(), "{name}: {warnings:?}");
        for (warning, said) in warnings.iter().zip(said) {
            assert!(warning.contains(said), "{name}: {warning}");
        }
        if expected.is_some() {
            assert_eq!(adapter.head(), expected);
        }
    }
}

#[test]
fn added_tokens_are_one_token_wherever_they_stand() {
    for name in ["unigram", "unigram_bytes", "bpe", "bpe_bytes", "characters"] {
        let adapter = load(name, &["<control>", "deu_Latn"]);
        let plain = load(name, &[]);
        for text in ["deu_Latn The ferry", "The<control>ferry deu_Latn", "morgens.deu_Latn<control>"] {
            let tokens = encode(adapter.as_ref(), text);
            let shown: Vec<String> = tokens.iter().map(|token| adapter.show(*token)).collect();
            for added in ["<control>", "deu_Latn"] {
                let times = shown.iter().filter(|shown| *shown == added).count();
                assert_eq!(times, text.matches(added).count(), "{name}: {text:?} {shown:?}");
            }
            // A space that belongs to the word before it stays at the end, as in the library.
            assert_eq!(decode(adapter.as_ref(), &tokens).trim_end(), text, "{name}");
            let shown: Vec<String> =
                encode(plain.as_ref(), text).iter().map(|token| plain.show(*token)).collect();
            assert!(
                !shown.iter().any(|shown| shown == "<control>" || shown == "deu_Latn"),
                "{name}: {shown:?}"
            );
        }
    }
    let known = load("unigram_bytes", &["<control>"]);
    assert_eq!(known.warnings(), [""; 0], "the model has it");
}

#[test]
fn a_run_keeps_its_own_copy() {
    for name in NAMES {
        let adapter = load(name, &["<2fr>"]);
        let folder = tempfile::tempdir().expect("a folder");
        adapter.save(folder.path()).expect("a writable folder");
        let mut options = file_options(name, &["<2fr>"]);
        options["tokenizer"]["file"]["path"] = json!("gone.model");
        let loaded =
            Tested(Text).load(&options, folder.path()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((loaded.stem(), loaded.head()), (adapter.stem(), adapter.head()), "{name}");
        for text in ["<2fr> The ferry leaves.", "Fähre 渡船"] {
            assert_eq!(encode(loaded.as_ref(), text), encode(adapter.as_ref(), text), "{name}");
        }
    }
}

/// A field of a message of protocol buffers: its number, its kind and its value.
fn field(number: u8, value: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, value.len() as u8], value].concat()
}

fn piece(name: &str, kind: u8) -> Vec<u8> {
    field(1, &[field(1, name.as_bytes()), vec![3 << 3, kind]].concat())
}

#[test]
fn broken_models_are_named_with_what_is_wrong() {
    let bytes = |trainer: Vec<u8>| [vec![0x82, 0x2c], trainer].concat();
    let whole = [piece("<unk>", 2), piece("</s>", 3), piece("a", 1)].concat();
    let byte_fallback = field(2, &[0x98, 0x02, 1]);
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (whole.clone(), ""),
        ([whole.clone(), piece("a", 1)].concat(), "its piece 'a' is there twice"),
        ([whole.clone(), piece("", 1)].concat(), "its piece 3 is empty"),
        ([whole.clone(), piece("b", 9)].concat(), "its piece 'b' is of the unknown type 9"),
        ([whole.clone(), piece("b", 2)].concat(), "two tokens for what is unknown"),
        ([whole.clone(), piece("<0x41>", 6)].concat(), "its piece '<0x41>' should be a byte and is none"),
        ([whole.clone(), byte_fallback].concat(), "lacks some of the 256"),
        ([whole.clone(), field(2, &[3 << 3, 7])].concat(), "its type of model, 7, is not known"),
        ([whole.clone(), field(3, &field(2, &[9, 0, 0, 0, 1]))].concat(), "its map of characters is broken"),
        ([piece("a", 1), piece("</s>", 3)].concat(), "no token for what is unknown"),
        ([piece("<unk>", 2), piece("a", 1)].concat(), "name its end token with tokenizer.file.end"),
        (whole[..whole.len() - 1].to_vec(), "neither a tokenizer.json"),
        (bytes(Vec::new()), "neither a tokenizer.json"),
        (b"version https://example.org/pointer".to_vec(), "neither a tokenizer.json"),
        (vec![0xff; 40], "neither a tokenizer.json"),
        (Vec::new(), "neither a tokenizer.json"),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("some.model");
    for (document, expected) in cases {
        fs::write(&path, document).expect("a writable folder");
        let problems = Tested(Text).check_files(&options(json!({ "file": { "path": path } })));
        match problems.first() {
            None => assert_eq!(expected, ""),
            Some(problem) => {
                assert!(!expected.is_empty() && problem.message.contains(expected), "{problem:?} {expected}");
            }
        }
    }
    let adapter = load("bpe", &[]);
    let error = adapter.decode(&Sequence::Tokens(vec![5, 9999])).expect_err("so many there are not");
    assert!(error.to_string().contains("token 9999 is outside the vocabulary"), "{error}");
}
