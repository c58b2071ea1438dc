//! Hostile lines of a `tokenizer.json`, each with the word that it ends in.

use serde_json::{Value as Json, json};

use crate::bases::{base64, character_map};
use crate::patient::try_file;

/// The tokenizer, what is done to it, and what is said; nothing where it works.
type Line = (&'static str, fn(&mut Json), &'static str);

pub(crate) const LINES: &[Line] = &[
    ("byte_level_bpe", |_| {}, ""),
    ("split_bpe", |_| {}, ""),
    ("byte_fallback_bpe", |_| {}, ""),
    ("word_piece", |_| {}, ""),
    ("unigram", |_| {}, ""),
    ("precompiled_unigram", |_| {}, ""),
    ("word_level", |_| {}, ""),
];

/// Tries a line.
pub(crate) fn check(bases: &[(&'static str, Json)], line: usize) -> Result<(), String> {
    let (name, change, expected) = LINES[line];
    let mut file = bases.iter().find(|(base, _)| *base == name).expect("a base").1.clone();
    change(&mut file);
    let _ = (base64(b""), character_map(&[]), json!(0));
    match try_file("tokenizer.json", file.to_string().as_bytes()) {
        Ok(words) if expected.is_empty() => {
            assert_eq!(words, [""; 0], "{name}");
            Ok(())
        }
        Ok(words) => {
            assert!(words.iter().any(|word| word.contains(expected)), "line {line} of {name}: {words:?}");
            Ok(())
        }
        Err(word) => {
            assert!(!expected.is_empty() && word.contains(expected), "line {line} of {name}: {word}");
            Err(word)
        }
    }
}
