//! A tokenizer goes out with all that its options and a model add to its file: other programs get our tokens.

use any2any_adapter::testing::Tested;
use any2any_adapter::{Adapter, Stem, Value};
use any2any_text::{Frame, Text, TextOptions, for_other_programs};
use serde_json::{Value as Json, json};
use tokenizers::Tokenizer;

use crate::corpus::{encode, fitted, golden, kinds, options, texts};

/// The document that an adapter saves.
fn document(adapter: &dyn Adapter) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    adapter.save(folder.path()).expect("a writable folder");
    std::fs::read(folder.path().join("tokenizer.json")).expect("a tokenizer.json")
}

fn of(options: &Json) -> TextOptions {
    serde_json::from_value(options.clone()).expect("options of a text")
}

#[test]
fn trained_tokenizers_count_from_where_a_table_has_them() {
    for options in kinds().into_iter().map(options) {
        let adapter = fitted(&options);
        let token = |name: &str, number| Some((name.to_owned(), number));
        let frame =
            Frame { end: token("</s>", 3), padding: token("<pad>", 0), offset: 700, ..Frame::default() };
        let file =
            for_other_programs(&document(adapter.as_ref()), &of(&options), &frame).expect("a tokenizer");
        let other: Tokenizer = file.parse().unwrap_or_else(|error| panic!("{options}: {error}"));
        for text in texts().iter().map(ToString::to_string) {
            let expected: Vec<u32> =
                encode(adapter.as_ref(), &text).iter().map(|token| token + 700).collect();
            let found = other.encode(text.as_str(), true).expect("a text");
            assert_eq!(found.get_ids(), expected, "{options}: {text:?}");
        }
        let Stem::Lookup { vocabulary, .. } = adapter.stem() else { panic!("{options}: tokens") };
        assert_eq!(other.get_vocab_size(true), 700 + vocabulary);
    }
}

#[test]
fn tokenizers_of_files_normalise_by_the_options_and_frame_a_text_as_a_model_needs_it() {
    for name in ["byte_level_bpe", "metaspace_unigram"] {
        let mut options = options(json!({ "file": { "path": golden(&format!("{name}.json")) } }));
        if name == "byte_level_bpe" {
            options["tokenizer"]["file"]["begin"] = json!("<|endoftext|>");
        }
        options["lowercase"] = json!(true);
        let adapter = Tested(Text).fit(&options, &mut [].iter()).expect("a tokenizer");
        let encoded = adapter.encode(&Value::from("The DOG")).expect("a text");
        let tokens = encoded.sequence.tokens().expect("tokens").to_vec();
        let (end, text) = tokens.split_last().expect("the end");
        let end = Some((adapter.show(*end), *end));
        let frame = Frame { begin: end.iter().cloned().collect(), end, ..Frame::default() };
        let file =
            for_other_programs(&document(adapter.as_ref()), &of(&options), &frame).expect("a tokenizer");
        let other: Tokenizer = file.parse().unwrap_or_else(|error| panic!("{name}: {error}"));
        let found = other.encode("The DOG", true).expect("a text");
        assert_eq!(found.get_ids(), [&tokens[text.len()..], &tokens].concat(), "{name}");
    }
}

#[test]
fn a_model_of_sentencepiece_is_no_tokenizer_json() {
    let model = std::fs::read(golden("sentencepiece_unigram.model")).expect("a model");
    let options = of(&options(json!({ "words": {} })));
    let error = for_other_programs(&model, &options, &Frame::default()).expect_err("no JSON");
    assert!(error.contains("SentencePiece"), "{error}");
}
