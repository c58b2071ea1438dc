//! Augmentation: texts that are cut at random, and words that are dropped.

use std::collections::BTreeMap;
use std::sync::Arc;

use any2any_adapter::testing::Tested;
use any2any_adapter::{Adapter, Encoded, Region, Seed, Value};
use any2any_text::Text;
use serde_json::{Value as Json, json};

use crate::corpus::{decode, encode, fitted, golden, options, texts};
use crate::outside;

/// Every tokenizer that cuts at random, with the option that does.
fn samplers() -> Vec<(Json, &'static str)> {
    let file = |name: &str| json!({ "file": { "path": golden(name) } });
    vec![
        (json!({ "bpe": { "vocab": 330 } }), "bpe_dropout"),
        (json!({ "bpe": { "vocab": 590, "byte_fallback": true } }), "bpe_dropout"),
        (json!({ "unigram": { "vocab": 330 } }), "unigram_sampling"),
        (json!({ "unigram": { "vocab": 590, "byte_fallback": true } }), "unigram_sampling"),
        (json!({ "word_piece": { "vocab": 340 } }), "max_match_dropout"),
        (file("byte_level_bpe.json"), "bpe_dropout"),
        (file("metaspace_unigram.json"), "unigram_sampling"),
        (file("bert_word_piece.json"), "max_match_dropout"),
        (file("sentencepiece_bpe.model"), "bpe_dropout"),
        (file("sentencepiece_bpe_bytes.model"), "bpe_dropout"),
        (file("sentencepiece_unigram.model"), "unigram_sampling"),
        (file("sentencepiece_unigram_bytes.model"), "unigram_sampling"),
    ]
}

fn adapter(tokenizer: &Json, augment: Json) -> Arc<dyn Adapter> {
    let mut options = options(tokenizer.clone());
    options["augment"] = augment;
    assert_eq!((Tested(Text).check(&options), Tested(Text).check_files(&options)), (vec![], vec![]));
    fitted(&options)
}

fn augmented(adapter: &dyn Adapter, text: &str, step: u64) -> Encoded {
    adapter.augment(&Value::from(text), &mut Seed(3).random("augment", step)).expect("a text")
}

fn tokens(encoded: &Encoded) -> Vec<u32> {
    encoded.sequence.tokens().expect("tokens").to_vec()
}

/// The texts of the corpus, and of Multi30k's training split where it is.
fn real_texts() -> Vec<String> {
    let mut all: Vec<String> = texts().iter().take(60).map(ToString::to_string).collect();
    let Some(folder) = outside::folder("ANY2ANY_DATA", "multi30k") else { return all };
    for name in ["raw/train.en", "raw/train.de"] {
        let Ok(text) = std::fs::read_to_string(folder.join(name)) else { continue };
        all.extend(text.lines().step_by(97).take(200).map(str::to_owned));
    }
    all
}

/// The bytes of a text that its regions cover.
fn covered(encoded: &Encoded) -> Vec<usize> {
    let mut bytes: Vec<usize> = Vec::new();
    for region in &encoded.regions {
        if let Region::Bytes(range) = region {
            bytes.extend(range.clone());
        }
    }
    bytes.sort_unstable();
    bytes.dedup();
    bytes
}

#[test]
fn texts_cut_at_random_say_the_same() {
    let texts = real_texts();
    for (tokenizer, option) in samplers() {
        let strengths = match option {
            "unigram_sampling" => vec![json!({}), json!({ "alpha": 0.3, "n_best": 64 })],
            _ => vec![json!(0.1), json!(0.5), json!(1.0)],
        };
        for strength in strengths {
            let adapter = adapter(&tokenizer, json!({ option: strength }));
            assert!(adapter.augments());
            let mut changed = 0;
            for (step, text) in (0..).zip(&texts) {
                let usual = adapter.encode(&Value::from(text.as_str())).expect("a text");
                let drawn = augmented(adapter.as_ref(), text, step);
                assert_eq!(tokens(&drawn), tokens(&augmented(adapter.as_ref(), text, step)));
                let said = decode(adapter.as_ref(), &tokens(&drawn));
                assert_eq!(said, decode(adapter.as_ref(), &tokens(&usual)), "{tokenizer} {strength}");
                assert_eq!(covered(&drawn), covered(&usual), "{tokenizer} {strength} {text:?}");
                changed += usize::from(tokens(&drawn) != tokens(&usual));
            }
            // The best ways of a small vocabulary are few, and many words are one piece.
            assert!(changed * 10 > texts.len(), "{tokenizer} {strength}: {changed} of {}", texts.len());
        }
    }
}

#[test]
fn nothing_is_dropped_with_next_to_no_probability() {
    for (tokenizer, option) in samplers() {
        let (strength, most) = match option {
            // The most probable way is drawn nearly always; ways that are about as probable are, too.
            "unigram_sampling" => (json!({ "alpha": 100 }), 0.1),
            _ => (json!(1e-300), 0.0),
        };
        let adapter = adapter(&tokenizer, json!({ option: strength }));
        let texts = real_texts();
        let differs =
            |text: &&String| tokens(&augmented(adapter.as_ref(), text, 0)) != encode(adapter.as_ref(), text);
        let changed = texts.iter().filter(differs).count();
        assert!(changed as f64 <= most * texts.len() as f64, "{tokenizer}: {changed} of {}", texts.len());
    }
}

/// Shares of ways that other programs cut texts in, written by `golden/make_sampling.py`.
#[test]
fn ways_are_as_frequent_as_in_other_programs() {
    let expected = std::fs::read_to_string(golden("sampling.expected.json")).expect("a golden file");
    let expected: Json = serde_json::from_str(&expected).expect("JSON");
    let (theirs, ours) = (expected["draws"].as_f64().expect("a number"), 10_000);
    let cases = expected["cases"].as_array().expect("cases");
    assert_eq!(cases.len(), 21);
    for case in cases {
        let file = case["file"].as_str().expect("a name");
        let adapter = adapter(&json!({ "file": { "path": golden(file) } }), case["augment"].clone());
        let text = case["text"].as_str().expect("a text");
        let mut counts: BTreeMap<Vec<u32>, f64> = BTreeMap::new();
        for step in 0..ours {
            let mut tokens = tokens(&augmented(adapter.as_ref(), text, step));
            tokens.pop();
            *counts.entry(tokens).or_default() += 1.0 / ours as f64;
        }
        for way in case["ways"].as_array().expect("ways") {
            let ids: Vec<u32> = serde_json::from_value(way["ids"].clone()).expect("tokens");
            let share = way["share"].as_f64().expect("a share");
            let found = counts.get(&ids).copied().unwrap_or(0.0);
            // Five standard deviations of the difference of two shares.
            let tolerance = 5.0 * (share * (1.0 - share) * (1.0 / theirs + 1.0 / ours as f64)).sqrt();
            let what = format!("{file} {} {text:?} {ids:?}", case["augment"]);
            assert!((found - share).abs() <= tolerance, "{what}: {found} where {share} is expected");
        }
    }
}

#[test]
fn words_are_dropped_and_deleted_but_not_added_tokens() {
    let text = "<2de> the teacher paints seven birds.";
    let mut options = options(json!({ "bpe": { "vocab": 340 } }));
    options["added_tokens"] = json!(["<2de>"]);
    options["augment"] = json!({ "word_deletion": 1 });
    let deleting = fitted(&options);
    for step in 0..20 {
        let encoded = augmented(deleting.as_ref(), text, step);
        let left = decode(deleting.as_ref(), &tokens(&encoded));
        assert_eq!(left, "<2de>", "the added token is the word that stays");
        assert_eq!(encoded.regions.len(), tokens(&encoded).len());
    }
    options["augment"] = json!({ "word_dropout": 0.4 });
    let dropping = fitted(&options);
    let usual = encode(dropping.as_ref(), text);
    let (mut dropped, mut all) = (0, 0);
    for step in 0..2_000 {
        let drawn = tokens(&augmented(dropping.as_ref(), text, step));
        assert_eq!((drawn.len(), drawn[0], drawn.last()), (usual.len(), usual[0], usual.last()));
        assert!(drawn.iter().zip(&usual).all(|(drawn, usual)| drawn == usual || *drawn == 1));
        dropped += drawn.iter().filter(|token| **token == 1).count();
        all += usual.len() - 2;
    }
    let share = dropped as f64 / all as f64;
    assert!((share - 0.4).abs() < 0.03, "{share}");
}

#[test]
fn a_shared_vocabulary_is_changed_on_the_side_that_asks() {
    let mut of_source = options(json!({ "bpe": { "vocab": 330, "shared": true } }));
    let of_target = of_source.clone();
    of_source["augment"] = json!({ "bpe_dropout": 0.5 });
    let key = |options: &Json| Tested(Text).side(options).expect("sound options").sharing();
    assert_eq!(key(&of_source), key(&of_target));
    let source = fitted(&of_source);
    let target = source.for_side(&of_target).expect("they fit").expect("another adapter");
    assert!(source.augments() && !target.augments());
    assert!(source.for_side(&of_source).expect("they fit").is_none());
    let text = "the tall dancer remembers the lighthouse.";
    assert_eq!(tokens(&augmented(target.as_ref(), text, 1)), encode(source.as_ref(), text));
    let again = target.for_side(&of_source).expect("they fit").expect("another adapter");
    assert_eq!(tokens(&augmented(again.as_ref(), text, 1)), tokens(&augmented(source.as_ref(), text, 1)));
    assert_ne!(tokens(&augmented(again.as_ref(), text, 1)), encode(source.as_ref(), text));
}

#[test]
fn what_a_tokenizer_cannot_do_is_refused_by_the_name_of_the_option() {
    let file = |name: &str| json!({ "file": { "path": golden(name) } });
    for (tokenizer, augment, pointers) in [
        (json!({ "bpe": {} }), json!({ "bpe_dropout": 1.5 }), vec!["/augment/bpe_dropout"]),
        (json!({ "bpe": {} }), json!({ "unigram_sampling": {} }), vec!["/augment/unigram_sampling"]),
        (json!({ "unigram": {} }), json!({ "bpe_dropout": 0.1 }), vec!["/augment/bpe_dropout"]),
        (
            json!({ "unigram": {} }),
            json!({ "unigram_sampling": { "alpha": 0, "n_best": 1 } }),
            vec!["/augment/unigram_sampling/alpha", "/augment/unigram_sampling/n_best"],
        ),
        (
            json!({ "characters": {} }),
            json!({ "max_match_dropout": 0.1 }),
            vec!["/augment/max_match_dropout"],
        ),
        (json!({ "bytes": {} }), json!({ "word_dropout": 0.1 }), vec!["/augment/word_dropout"]),
        (json!({ "bytes": {} }), json!({ "word_deletion": 0.1 }), vec![]),
        (file("byte_level_bpe.json"), json!({ "unigram_sampling": {} }), vec!["/augment/unigram_sampling"]),
        (file("byte_level_bpe.json"), json!({ "word_dropout": 0.1 }), vec!["/augment/word_dropout"]),
        (file("metaspace_unigram.json"), json!({ "bpe_dropout": 0.1 }), vec!["/augment/bpe_dropout"]),
        (file("sentencepiece_words.model"), json!({ "bpe_dropout": 0.1 }), vec!["/augment/bpe_dropout"]),
        (file("sentencepiece_bpe.model"), json!({ "bpe_dropout": 0.1, "word_dropout": 0.1 }), vec![]),
    ] {
        let mut options = options(tokenizer);
        options["augment"] = augment;
        let mut problems = Tested(Text).check(&options);
        problems.extend(Tested(Text).check_files(&options));
        let found: Vec<&str> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
        assert_eq!(found, pointers, "{options}");
    }
}
