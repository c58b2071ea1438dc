//! Options: checked, filled in, shared.

use any2any_adapter::testing::Tested;
use any2any_adapter::{Medium, Registry};
use any2any_text::{Text, TextOptions};
use serde_json::{Value as Json, json};

#[test]
fn defaults_are_written_out() {
    let bpe =
        json!({ "bpe": { "vocab": 8000, "shared": false, "min_frequency": 2, "byte_fallback": false } });
    for (given, expected) in [
        (
            json!({ "field": "en" }),
            json!({ "field": "en", "tokenizer": bpe, "normalize": "nfc", "lowercase": false }),
        ),
        (
            json!({ "field": "de", "tokenizer": { "characters": {} }, "normalize": "nfkc", "lowercase": true }),
            json!({ "field": "de", "tokenizer": { "characters": { "shared": false, "min_frequency": 1 } },
                    "normalize": "nfkc", "lowercase": true }),
        ),
        (
            json!({ "field": "de", "tokenizer": { "file": { "path": "t.json" } } }),
            json!({ "field": "de", "tokenizer": { "file": { "path": "t.json", "shared": false } },
                    "normalize": "none", "lowercase": false }),
        ),
        (
            json!({ "field": "en", "tokenizer": { "words": { "vocab": "all" } } }),
            json!({ "field": "en", "tokenizer": { "words": { "vocab": "all", "shared": false, "min_frequency": 2 } },
                    "normalize": "nfc", "lowercase": false }),
        ),
        (json!({ "feld": "en" }), json!({ "feld": "en" })),
    ] {
        let resolved = Tested(Text).resolve(&given);
        assert_eq!(resolved, expected);
        assert_eq!(Tested(Text).resolve(&resolved), resolved);
    }
    assert_eq!(Tested(Text).fields(&json!({ "field": "en" })), ["en"]);
    assert_eq!(Text.inherited(), ["tokenizer", "normalize", "lowercase", "added_tokens"]);
}

#[test]
fn all_words_are_as_many_as_the_data_has() {
    let texts = ["the dog sees the cat .", "the cat sees a dog ."].map(any2any_adapter::Value::from);
    let fitted = |vocab: Json| {
        let words =
            json!({ "field": "en", "tokenizer": { "words": { "vocab": vocab, "min_frequency": 1 } } });
        Tested(Text).fit(&words, &mut texts.iter())
    };
    let vocabulary = |vocab: Json| match fitted(vocab).expect("words").stem() {
        any2any_adapter::Stem::Lookup { vocabulary, .. } => vocabulary,
        stem => panic!("{stem:?}"),
    };
    // the, dog, sees, cat, a and the full stop, beside the special tokens.
    assert_eq!((vocabulary(json!("all")), vocabulary(json!(10)), vocabulary(json!(7))), (10, 10, 7));
    let error = fitted(json!(40)).err().expect("too many").to_string();
    assert!(error.contains("ask for at most 10, or write `all`"), "{error}");
}

#[test]
fn what_cannot_be_is_found_before_anything_runs() {
    for (options, expected) in [
        (json!({ "field": "en" }), vec![]),
        (json!({ "field": "" }), vec![("/field", "empty")]),
        (
            json!({ "field": "en", "tokenizer": { "bpe": { "vocab": 0 } } }),
            vec![("/tokenizer/bpe/vocab", "0 tokens leave no room beside 4 special tokens")],
        ),
        (
            json!({ "field": "en", "tokenizer": { "unigram": { "vocab": 260, "byte_fallback": true } } }),
            vec![("/tokenizer/unigram/vocab", "4 special tokens and 256 bytes")],
        ),
        (
            json!({ "field": "en", "tokenizer": { "unigram": { "vocab": 261, "byte_fallback": true } } }),
            vec![],
        ),
        (
            json!({ "field": "", "tokenizer": { "words": { "vocab": 4, "min_frequency": 0 } } }),
            vec![
                ("/field", "empty"),
                ("/tokenizer/words/vocab", "4 tokens"),
                ("/tokenizer/words/min_frequency", "0 times"),
            ],
        ),
        (
            json!({ "field": "en", "tokenizer": { "words": { "vocab": "some" } } }),
            vec![(
                "/tokenizer/words/vocab",
                "data did not match any variant of untagged enum VocabularySize",
            )],
        ),
        (json!({ "field": "en", "tokenizer": { "words": { "vocab": "all" } } }), vec![]),
        (json!({ "field": "en", "tokenizer": { "bpq": {} } }), vec![("/tokenizer", "unknown variant `bpq`")]),
        (json!({ "field": "en", "tokeniser": {} }), vec![("/tokeniser", "unknown field `tokeniser`")]),
    ] {
        let problems = Tested(Text).check(&options);
        assert_eq!(problems.len(), expected.len(), "{options}: {problems:?}");
        for (problem, (pointer, message)) in problems.iter().zip(expected) {
            assert_eq!(problem.pointer, pointer);
            assert!(problem.message.contains(message), "{problem:?}");
        }
    }
}

#[test]
fn equal_tokenizers_that_are_shared_have_one_key() {
    let side = |field: &str, shared: bool, lowercase: bool| json!({ "field": field, "tokenizer": { "bpe": { "shared": shared } }, "lowercase": lowercase });
    let key = |options: &Json| Tested(Text).sharing(options);
    assert!(key(&side("en", true, false)).is_some());
    assert_eq!(key(&side("en", true, false)), key(&side("de", true, false)));
    assert_eq!(key(&side("en", true, false)), key(&Tested(Text).resolve(&side("de", true, false))));
    assert_ne!(key(&side("en", true, false)), key(&side("de", true, true)));
    assert_eq!(key(&side("en", false, false)), None);
    assert_eq!(key(&json!({ "field": "en" })), None);
}

#[test]
fn the_schema_describes_every_option() {
    let registry = Registry::new().with(Text);
    let schema = registry.get("text").expect("it was registered").schema().to_value();
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["required"], json!(["field"]));
    for option in ["field", "tokenizer", "normalize", "lowercase", "added_tokens"] {
        assert!(schema["properties"][option]["description"].is_string(), "{option} of {schema:#}");
    }
    assert_eq!(schema["$defs"]["Bpe"]["properties"]["vocab"]["default"], 8000);
    assert_eq!(schema["$defs"]["Bpe"]["properties"]["vocab"]["minimum"], 1);
    let options: TextOptions = serde_json::from_value(json!({ "field": "en" })).expect("options");
    assert_eq!(options.tokenizer.vocab(), Some(8000));
}
