//! Added tokens of tokenizers that are trained here.

use any2any_adapter::testing::Tested;
use any2any_adapter::{AdapterError, Value};
use any2any_text::Text;
use serde_json::json;

use crate::corpus::{decode, encode, fitted, kinds, options, texts};

#[test]
fn they_are_one_token_wherever_they_stand_and_come_back() {
    for kind in kinds() {
        if kind.get("labels").is_some() {
            continue;
        }
        let mut kind = kind;
        if let Some(vocab) = kind.as_object_mut().and_then(|kind| kind.values_mut().next()?.get_mut("vocab"))
        {
            *vocab = vocab.as_u64().map_or(json!("all"), |vocab| json!(vocab + 2));
        }
        let mut options = options(kind.clone());
        options["added_tokens"] = json!(["<2DE>", "deu_Latn"]);
        options["lowercase"] = json!(kind.get("characters").is_some() || kind.get("bytes").is_some());
        assert_eq!(Tested(Text).check(&options), []);
        let adapter = fitted(&options);
        assert_eq!((adapter.show(4), adapter.show(5)), ("<2DE>".to_owned(), "deu_Latn".to_owned()));
        let folder = tempfile::tempdir().expect("a folder");
        adapter.save(folder.path()).expect("a writable folder");
        let loaded =
            Tested(Text).load(&options, folder.path()).unwrap_or_else(|error| panic!("{kind}: {error}"));
        for text in
            ["<2DE> the teacher", "the<2DE>teacher  deu_Latn", "<2DE>deu_Latn", " deu_Latn  the", "<2DE"]
        {
            let tokens = encode(adapter.as_ref(), text);
            let found: Vec<u32> = tokens.iter().copied().filter(|token| (4..6).contains(token)).collect();
            let mut expected: Vec<(usize, u32)> =
                text.match_indices("<2DE>").map(|(at, _)| (at, 4)).collect();
            expected.extend(text.match_indices("deu_Latn").map(|(at, _)| (at, 5)));
            expected.sort_unstable();
            assert_eq!(
                found,
                expected.into_iter().map(|(_, token)| token).collect::<Vec<_>>(),
                "{kind}: {text:?}"
            );
            if !tokens.contains(&1) {
                let same = if options["lowercase"] == true && text == "<2DE" { "<2de" } else { text };
                assert_eq!(decode(adapter.as_ref(), &tokens), same, "{kind}");
            }
            assert_eq!(encode(loaded.as_ref(), text), tokens, "{kind}: {text:?}");
        }
    }
}

#[test]
fn a_word_behind_one_is_the_word_that_it_is_elsewhere() {
    let mut options = options(json!({ "bpe": { "vocab": 331 } }));
    options["added_tokens"] = json!(["<2de>"]);
    let adapter = fitted(&options);
    let plain = encode(adapter.as_ref(), "the teacher");
    assert_eq!(encode(adapter.as_ref(), "<2de> the teacher"), [&[4], &plain[..]].concat());
}

#[test]
fn names_that_cannot_be_are_refused() {
    for (tokenizer, named, pointer, message) in [
        (json!({ "bpe": {} }), json!(["</s>"]), "/added_tokens/0", "'</s>' is never written in a text"),
        (json!({ "bytes": {} }), json!(["<0x41>"]), "/added_tokens/0", "is the token of a byte"),
        (
            json!({ "bpe": { "vocab": 6 } }),
            json!(["x", "y"]),
            "/tokenizer/bpe/vocab",
            "4 special tokens, 2 added ones",
        ),
    ] {
        let mut options = options(tokenizer);
        options["added_tokens"] = named;
        let problems = Tested(Text).check(&options);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(problems[0].pointer, pointer);
        assert!(problems[0].message.contains(message), "{problems:?}");
    }
    // Lower-casing makes the name of the token out of a word of the texts.
    let options = json!({
        "field": "en", "tokenizer": { "characters": {} }, "lowercase": true, "added_tokens": ["t"],
    });
    let texts: Vec<Value> = texts().into_iter().chain([Value::from("T")]).collect();
    match Tested(Text).fit(&options, &mut texts.iter()).map(|_| ()) {
        Err(AdapterError::Fit { option, reason }) => {
            assert_eq!(option, "added_tokens");
            assert!(reason.contains("'t' is also a piece of ordinary text"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
}
