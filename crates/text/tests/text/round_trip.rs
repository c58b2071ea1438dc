//! Decoding is the exact reverse of encoding, up to normalisation.

use any2any_adapter::Seed;
use serde_json::json;

use crate::corpus::{alphabet, decode, encode, fitted, kinds, options, random_text, texts};

#[test]
fn known_text_comes_back_whatever_its_spaces() {
    let spaced =
        ["", " ", "  ", " a", "a ", "  The  old   rose. ", "(a) b", "\"a\" , b !", "12.50", "a\u{a0}b"];
    for kind in kinds() {
        let only_known = kind.get("words").or(kind.get("labels")).is_some();
        let adapter = fitted(&options(kind.clone()));
        let known = |text: &str| !encode(adapter.as_ref(), text).contains(&1);
        let mut seen = 0;
        let texts = texts().into_iter().map(|text| text.to_string());
        for text in spaced.iter().map(|text| (*text).to_owned()).chain(texts).filter(|text| known(text)) {
            assert_eq!(decode(adapter.as_ref(), &encode(adapter.as_ref(), &text)), text, "{kind}");
            seen += 1;
        }
        assert!(seen > if only_known { 100 } else { 300 }, "{kind}: only {seen} texts are known");
    }
}

#[test]
fn any_text_of_known_characters_comes_back() {
    let characters = alphabet();
    for kind in kinds().into_iter().filter(|kind| kind.get("words").or(kind.get("labels")).is_none()) {
        let adapter = fitted(&options(kind.clone()));
        let mut random = Seed(1).random("round trip", 0);
        let mut unknown = 0;
        for _ in 0..300 {
            let text = random_text(&mut random, &characters);
            let tokens = encode(adapter.as_ref(), &text);
            if tokens.contains(&1) {
                // WordPiece knows a character at the start of a word and inside one, or only one of them.
                assert!(kind.get("word_piece").is_some(), "{kind}: {text:?}");
                unknown += 1;
                continue;
            }
            assert_eq!(decode(adapter.as_ref(), &tokens), text, "{kind}");
        }
        assert!(unknown < 300, "{kind}");
    }
}

#[test]
fn bytes_bring_back_what_training_has_not_seen() {
    let characters: Vec<char> = "añ☃ﷺ한𝔘\u{200d}\n\0".chars().collect();
    for kind in kinds().into_iter().filter(|kind| {
        kind.get("bytes").is_some()
            || ["bpe", "unigram"].iter().any(|name| kind[*name]["byte_fallback"] == true)
    }) {
        let adapter = fitted(&options(kind.clone()));
        let mut random = Seed(9).random("bytes", 0);
        for _ in 0..200 {
            let text = random_text(&mut random, &characters);
            let tokens = encode(adapter.as_ref(), &text);
            assert!(!tokens.contains(&1), "{kind}: {text:?}");
            assert_eq!(decode(adapter.as_ref(), &tokens), text, "{kind}");
        }
    }
}

#[test]
fn what_looks_like_a_special_token_is_text() {
    for kind in kinds() {
        let adapter = fitted(&options(kind.clone()));
        for text in ["a </s> <s><pad> b", "<pad>", "<s>", "</s>"] {
            let tokens = encode(adapter.as_ref(), text);
            assert!(tokens.len() > 1, "{kind}: {text}");
            assert!(
                tokens[..tokens.len() - 1].iter().all(|token| ![0, 2, 3].contains(token)),
                "{kind}: {text}: {tokens:?}"
            );
            assert_eq!(tokens.last(), Some(&3));
        }
    }
}

#[test]
fn normalisation_is_what_comes_back() {
    let text = "Ünı\u{308} ﬁ ＡＢ İ ẞ";
    for (normalize, lowercase, expected) in [
        ("none", false, "Ünı\u{308} ﬁ ＡＢ İ ẞ"),
        ("nfc", false, "Ünı\u{308} ﬁ ＡＢ İ ẞ"),
        ("nfkc", false, "Ünı\u{308} fi AB İ ẞ"),
        ("nfkc", true, "ünı\u{308} fi ab i\u{307} ß"),
    ] {
        let options = json!({
            "field": "en", "tokenizer": { "bytes": {} }, "normalize": normalize, "lowercase": lowercase,
        });
        let adapter = fitted(&options);
        assert_eq!(decode(adapter.as_ref(), &encode(adapter.as_ref(), text)), expected, "{normalize}");
    }
}
