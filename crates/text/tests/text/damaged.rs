//! Damaged files of tokenizers are refused, or read as what they still say; nothing panics.

use any2any_adapter::testing::Tested;
use any2any_adapter::{Seed, Value};
use any2any_text::Text;
use serde_json::json;

use crate::corpus::{golden, options};

#[test]
fn damaged_files_are_refused_or_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut random = Seed(6).random("damage", 0);
    let (mut refused, mut read) = (0, 0);
    for name in [
        "sentencepiece_unigram_bytes.model",
        "sentencepiece_bpe.model",
        "sentencepiece_words.model",
        "byte_level_bpe.json",
        "bert_word_piece.json",
        "metaspace_unigram.json",
    ] {
        let whole = std::fs::read(golden(name)).expect("a golden file");
        let path = folder.path().join(name);
        for _ in 0..150 {
            let mut damaged = whole.clone();
            for _ in 0..1 + random.below(2) {
                let at = random.below(damaged.len());
                match random.below(9) {
                    0..6 => damaged[at] = random.below(256) as u8,
                    6 => damaged.truncate(at.max(1)),
                    _ => drop(damaged.drain(at..(at + 1 + random.below(9)).min(damaged.len()))),
                }
                if damaged.is_empty() {
                    damaged.push(b'{');
                }
            }
            std::fs::write(&path, damaged).expect("a writable folder");
            let options = options(json!({ "file": { "path": path } }));
            let problems = [Tested(Text).check(&options), Tested(Text).check_files(&options)].concat();
            match Tested(Text).fit(&options, &mut [].iter()) {
                Err(error) => {
                    assert!(!problems.is_empty(), "{name}: only training refuses it: {error}");
                    refused += 1;
                }
                Ok(adapter) => {
                    assert_eq!(problems, [], "{name}");
                    read += 1;
                    for text in ["The ferry leaves  <2de> </s>", "Fa\u{308}hre ☃ ﬁ\t\u{3000}x"] {
                        // A model without a token for the unknown says so for a text that needs one.
                        if let Ok(encoded) = adapter.encode(&Value::from(text)) {
                            let vocabulary = match adapter.stem() {
                                any2any_adapter::Stem::Lookup { vocabulary, .. } => vocabulary,
                                _ => panic!("text is looked up"),
                            };
                            let tokens = encoded.sequence.tokens().expect("tokens");
                            assert!(tokens.iter().all(|token| (*token as usize) < vocabulary), "{name}");
                            adapter.decode(&encoded.sequence).expect("its own tokens");
                        }
                    }
                }
            }
        }
    }
    assert!(refused > 100 && read > 20, "{refused} refused, {read} read");
}
