//! Words that hold something a model was never trained on.

use any2any_adapter::testing::Tested;
use any2any_adapter::{Adapter, Value};
use any2any_text::Text;
use serde_json::json;

use crate::corpus::{fitted, golden, options};

fn unknown(adapter: &dyn Adapter, text: &str) -> Vec<String> {
    let value = Value::from(text);
    adapter.unknown(&adapter.encode(&value).expect("a text"), &value)
}

#[test]
fn unseen_pieces_name_their_words() {
    let text = "The teacher watches  Quantum☃ birds, Quantum☃ and the seven dancers";
    for (tokenizer, expected) in [
        (json!({ "bpe": { "vocab": 330 } }), vec!["Quantum☃"]),
        (json!({ "bpe": { "vocab": 590, "byte_fallback": true } }), vec!["Quantum☃"]),
        (json!({ "unigram": { "vocab": 330 } }), vec!["Quantum☃"]),
        (json!({ "characters": {} }), vec!["Quantum☃"]),
        (json!({ "bytes": {} }), vec!["Quantum☃"]),
        (json!({ "words": { "vocab": 45 } }), vec!["Quantum☃", "and", "dancers"]),
    ] {
        let options = options(tokenizer.clone());
        let adapter = fitted(&options);
        let found = unknown(adapter.as_ref(), text);
        assert!(
            expected.iter().all(|word| found.iter().any(|found| found == word)),
            "{tokenizer}: {found:?}"
        );
        assert_eq!(found.iter().filter(|word| *word == "Quantum☃").count(), 1);
        assert_eq!(unknown(adapter.as_ref(), "the teacher watches seven birds."), [""; 0], "{tokenizer}");
        let folder = tempfile::tempdir().expect("a folder");
        adapter.save(folder.path()).expect("a writable folder");
        let loaded = Tested(Text).load(&options, folder.path()).expect("as saved");
        assert_eq!(unknown(loaded.as_ref(), text), found, "{tokenizer}");
        // A state of an earlier version tells only what stands for the unknown.
        std::fs::remove_file(folder.path().join("seen.json")).expect("it was saved");
        let loaded = Tested(Text).load(&options, folder.path()).expect("without the seen tokens");
        let has_unknown = tokenizer.get("bytes").is_none() && tokenizer["bpe"].get("byte_fallback").is_none();
        assert_eq!(!unknown(loaded.as_ref(), text).is_empty(), has_unknown, "{tokenizer}");
    }
}

#[test]
fn tokenizers_from_elsewhere_know_what_training_has_shown() {
    for name in ["sentencepiece_unigram.model", "bert_word_piece.json", "metaspace_unigram.json"] {
        let options = options(json!({ "file": { "path": golden(name) } }));
        let values = [Value::from("The ferry leaves.")];
        let adapter = Tested(Text).fit(&options, &mut values.iter()).expect("texts");
        assert_eq!(unknown(adapter.as_ref(), "The ferry leaves."), [""; 0], "{name}");
        assert_eq!(unknown(adapter.as_ref(), "The baker, The ferry ☃."), ["baker,", "☃."], "{name}");
    }
}
