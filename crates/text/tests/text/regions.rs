//! Every token covers the right bytes of the original.

use any2any_adapter::testing::Tested;
use any2any_adapter::{Adapter, Region, Seed, Sequence, Value};
use any2any_text::Text;
use serde_json::json;

use crate::corpus::{alphabet, encode, fitted, kinds, options, random_text, texts};

/// The text that each position covers, `∅` being nothing.
fn covered(adapter: &dyn Adapter, text: &str) -> Vec<String> {
    let encoded = adapter.encode(&Value::from(text)).expect("a text");
    assert_eq!(encoded.regions.len(), encoded.sequence.len());
    encoded.regions.iter().map(|region| part(text, region)).collect()
}

fn part(text: &str, region: &Region) -> String {
    match region {
        Region::Bytes(range) => text[range.clone()].to_owned(),
        _ => "∅".to_owned(),
    }
}

#[test]
fn words_of_many_scripts_cover_their_bytes() {
    let words = fitted(&options(json!({ "words": { "vocab": 45 } })));
    for (text, expected) in [
        ("Über Nacht!", vec!["Über", " Nacht", "!", "∅"]),
        ("U\u{308}ber  Nacht", vec!["U\u{308}ber", " ", " Nacht", "∅"]),
        ("a\u{323}\u{302}\u{301}.", vec!["a\u{323}\u{302}\u{301}", ".", "∅"]),
        ("Доброе утро, мир", vec!["Доброе", " утро", ",", " мир", "∅"]),
        ("早上好，世界", vec!["早上好", "，", "世界", "∅"]),
        ("صباح الخير؟", vec!["صباح", " الخير", "؟", "∅"]),
        ("नमस्ते दुनिया।", vec!["नमस्ते", " दुनिया", "।", "∅"]),
        ("👩\u{200d}🚀 ❤\u{fe0f}!", vec!["👩\u{200d}🚀", " ❤\u{fe0f}", "!", "∅"]),
        (" a", vec!["∅", " a", "∅"]),
        ("", vec!["∅"]),
    ] {
        assert_eq!(covered(words.as_ref(), text), expected, "{text:?}");
    }
}

#[test]
fn characters_cover_all_bytes_that_they_are_made_of() {
    for (normalize, lowercase, text, expected) in [
        ("nfc", false, "Tür", vec!["T", "ü", "r", "∅"]),
        ("nfc", false, "Tu\u{308}r", vec!["T", "u\u{308}", "r", "∅"]),
        ("none", false, "Tu\u{308}r", vec!["T", "u", "\u{308}", "r", "∅"]),
        ("nfkc", false, "ﬁx", vec!["ﬁ", "ﬁ", "x", "∅"]),
        ("nfkc", true, "ＡÄ", vec!["Ａ", "Ä", "∅"]),
        ("nfc", false, "한\u{1112}\u{1161}\u{11ab}", vec!["한", "\u{1112}\u{1161}\u{11ab}", "∅"]),
    ] {
        let options = json!({
            "field": "en", "tokenizer": { "characters": {} }, "normalize": normalize, "lowercase": lowercase,
        });
        assert_eq!(covered(fitted(&options).as_ref(), text), expected, "{text:?} as {normalize}");
    }
}

#[test]
fn bytes_cover_their_character() {
    let bytes = fitted(&options(json!({ "bytes": {} })));
    assert_eq!(covered(bytes.as_ref(), "aü"), ["a", "ü", "ü", "∅"]);
    assert_eq!(covered(bytes.as_ref(), "👍"), ["👍", "👍", "👍", "👍", "∅"]);
    for kind in ["bpe", "unigram"] {
        let fallback = fitted(&options(json!({ kind: { "vocab": 590, "byte_fallback": true } })));
        let found = covered(fallback.as_ref(), "ñ☃ñ");
        assert_eq!(found[found.len() - 8..], ["ñ", "ñ", "☃", "☃", "☃", "ñ", "ñ", "∅"], "{kind}");
    }
}

#[test]
fn unknown_characters_keep_their_bytes() {
    for (tokenizer, expected) in [
        (json!({ "bpe": { "vocab": 330 } }), vec!["☃", "☄", "∅"]),
        (json!({ "characters": {} }), vec!["☃", "☄", "∅"]),
        (json!({ "unigram": { "vocab": 330 } }), vec!["☃☄", "∅"]),
        (json!({ "word_piece": { "vocab": 340 } }), vec!["☃☄", "∅"]),
        (json!({ "labels": {} }), vec!["☃☄", "∅"]),
    ] {
        let adapter = fitted(&options(tokenizer.clone()));
        let found: Vec<String> =
            covered(adapter.as_ref(), "☃☄").into_iter().skip_while(|part| part == "∅").collect();
        assert_eq!(found, expected, "{tokenizer}");
        let tokens = encode(adapter.as_ref(), "☃☄");
        assert!(tokens.contains(&1), "{tokenizer}: {tokens:?}");
    }
}

/// Regions follow on each other without a gap; those of characters that were composed or reordered may
/// overlap.
fn assert_covered(text: &str, regions: &[Region], context: &str) {
    let mut end = 0;
    for region in regions {
        let Region::Bytes(range) = region else { continue };
        assert!(range.start <= end && range.end >= end, "{context}: {text:?} {regions:?}");
        assert!(
            text.is_char_boundary(range.start) && text.is_char_boundary(range.end),
            "{context}: {text:?}"
        );
        end = range.end;
    }
    assert_eq!(end, text.len(), "{context}: {text:?} {regions:?}");
}

#[test]
fn regions_cover_any_text_without_a_gap() {
    let mut characters = alphabet();
    characters.extend("☃\u{308}\u{323}ﬁ\u{1112}\u{1161}\t\u{a0}▁<>ẞ".chars());
    for kind in kinds() {
        for lowercase in [false, true] {
            let mut options = options(kind.clone());
            options["lowercase"] = json!(lowercase);
            let Ok(adapter) = Tested(Text).fit(&options, &mut texts().iter()) else {
                // Lower-casing leaves fewer pieces than some of the kinds ask for.
                assert!(lowercase);
                continue;
            };
            let mut random = Seed(2).random("regions", 0);
            for _ in 0..200 {
                let text = random_text(&mut random, &characters);
                let encoded = adapter.encode(&Value::from(text.as_str())).expect("a text");
                assert_eq!(encoded.regions.last(), Some(&Region::Nothing));
                assert_covered(&text, &encoded.regions, &options.to_string());
                let tokens = encoded.sequence.tokens().expect("tokens");
                let decoded = adapter.decode(&Sequence::Tokens(tokens.to_vec())).expect("its own tokens");
                assert_eq!(decoded.regions.len(), tokens.len());
                assert_covered(&decoded.value.to_string(), &decoded.regions, &options.to_string());
            }
        }
    }
}
