//! Training of tokenizers, and its errors when the data does not fit the options.

use any2any_adapter::testing::Tested;
use any2any_adapter::{AdapterError, Head, Sequence, Stem, Value};
use any2any_text::Text;
use serde_json::{Value as Json, json};

use crate::corpus::{fitted, kinds, options, texts};

#[test]
fn the_vocabulary_has_the_size_asked_for() {
    for kind in kinds() {
        let adapter = fitted(&options(kind.clone()));
        let Stem::Lookup { vocabulary, padding } = adapter.stem() else { panic!("text is looked up") };
        let asked =
            kind.as_object().and_then(|kind| kind.values().next()).and_then(|kind| kind["vocab"].as_u64());
        if let Some(asked) = asked {
            assert_eq!(vocabulary as u64, asked, "{kind}");
        }
        if kind.get("bytes").is_some() {
            assert_eq!(vocabulary, 260);
        }
        let expected = Head::Softmax { vocabulary, padding, begin: 2, end: 3, forbidden: vec![0, 1, 2] };
        assert_eq!((padding, adapter.head()), (0, Some(expected)));
        let special: Vec<String> = (0..4).map(|token| adapter.show(token)).collect();
        assert_eq!(special, ["<pad>", "<unk>", "<s>", "</s>"]);
        // Every piece has a name of its own, and every token but those can be written.
        let mut names: Vec<String> = (0..vocabulary as u32).map(|token| adapter.show(token)).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), vocabulary, "{kind}");
        let error =
            adapter.decode(&Sequence::Tokens(vec![vocabulary as u32])).expect_err("one too many").to_string();
        assert!(error.contains(&format!("outside the vocabulary of {vocabulary} tokens")), "{error}");
    }
}

#[test]
fn common_words_are_one_piece() {
    for kind in ["bpe", "unigram"] {
        let adapter = fitted(&options(json!({ kind: { "vocab": 330 } })));
        let shown: Vec<String> = crate::corpus::encode(adapter.as_ref(), "the teacher paints.")
            .into_iter()
            .map(|token| adapter.show(token))
            .collect();
        assert_eq!(shown, ["▁the", "▁teacher", "▁paints", ".", "</s>"], "{kind}");
    }
}

fn refused(options: &Json, values: &[Value]) -> (String, String) {
    match Tested(Text).fit(options, &mut values.iter()).map(|_| ()) {
        Err(AdapterError::Fit { option, reason }) => (option, reason),
        other => panic!("{other:?} for {options}"),
    }
}

#[test]
fn data_that_does_not_fit_is_refused_with_the_way_out() {
    let small = [Value::from("ab ab abc")];
    // Five different characters with the mark of a space: a b c ▁; pieces: ▁a ▁ab ▁abc or ab, as they come.
    for (tokenizer, values, option, reason) in [
        (
            json!({ "bpe": { "vocab": 8000 } }),
            &small[..],
            "tokenizer.bpe.vocab",
            "gives 10: ask for at most 10, or lower tokenizer.bpe.min_frequency, which is 2",
        ),
        (
            json!({ "bpe": { "vocab": 8000, "min_frequency": 1 } }),
            &small,
            "tokenizer.bpe.vocab",
            "gives 11: ask for at most 11",
        ),
        (
            json!({ "bpe": { "vocab": 7 } }),
            &small,
            "tokenizer.bpe.vocab",
            "cannot hold the 4 characters of the training data beside 4 fixed tokens: ask for at least 8",
        ),
        (
            json!({ "bpe": { "vocab": 263, "byte_fallback": true } }),
            &small,
            "tokenizer.bpe.vocab",
            "beside 260 fixed tokens: ask for at least 264",
        ),
        (
            json!({ "unigram": { "vocab": 8000 } }),
            &small,
            "tokenizer.unigram.vocab",
            "gives 11: ask for at most 11",
        ),
        (json!({ "unigram": { "vocab": 6 } }), &small, "tokenizer.unigram.vocab", "ask for at least 8"),
        (
            json!({ "word_piece": { "vocab": 8000 } }),
            &small,
            "tokenizer.word_piece.vocab",
            "gives 10: ask for at most 10",
        ),
        (
            json!({ "words": { "vocab": 8000 } }),
            &small,
            "tokenizer.words.vocab",
            "gives 5: ask for at most 5, or lower tokenizer.words.min_frequency",
        ),
        (
            json!({ "characters": { "min_frequency": 9 } }),
            &small,
            "tokenizer.characters.min_frequency",
            "no character occurs 9 times",
        ),
        (json!({ "bpe": {} }), &[], "field", "has no text in this field"),
        (json!({ "bytes": {} }), &[Value::from("")], "field", "has no text in this field"),
        (json!({ "characters": {} }), &[], "field", "has no text in this field"),
        (json!({ "labels": {} }), &[Value::from("")], "field", "has no text in this field"),
        (json!({ "labels": {} }), &[Value::from("</s>")], "tokenizer.labels", "rename this label"),
    ] {
        let options = options(tokenizer);
        let (found, said) = refused(&options, values);
        assert_eq!(found, option, "{options}");
        assert!(said.contains(reason), "{options}: {said}");
    }
}

#[test]
fn what_is_asked_for_at_most_is_given() {
    for kind in ["bpe", "unigram", "word_piece", "words"] {
        let mut tokenizer = json!({ kind: { "vocab": 100_000 } });
        let (_, reason) = refused(&options(tokenizer.clone()), &texts());
        let most = reason.split("ask for at most ").nth(1).expect("the way out");
        let most: usize = most.split([',', ' ']).next().and_then(|most| most.parse().ok()).expect("a number");
        for vocab in [most, most - 1, most / 2 + 60] {
            tokenizer[kind]["vocab"] = json!(vocab);
            if vocab > most {
                continue;
            }
            let Stem::Lookup { vocabulary, .. } = fitted(&options(tokenizer.clone())).stem() else {
                panic!("text is looked up")
            };
            assert_eq!(vocabulary, vocab, "{kind}");
        }
    }
}
