//! Every promise of the seam, tried on texts with tokenizers of every kind.

use any2any_adapter::testing::conforms;
use any2any_adapter::{File, Value};
use any2any_text::Text;
use serde_json::{Value as Json, json};

use crate::corpus::{golden, kinds, options, texts};

#[test]
fn every_trained_tokenizer_conforms() {
    for kind in kinds() {
        conforms(Text, options(kind), &texts());
    }
}

#[test]
fn every_normalization_conforms() {
    let spellings: Vec<Value> = [
        "CAFÉ: e\u{301}te\u{301} à l'O\u{308}resund",
        "ﬁne ﬂour ½ kg, ①②③",
        "ＡＢＣ full width\u{3000}and   many spaces ",
        "İstanbul, STRASSE, Straße\nand a second line\t",
    ]
    .map(Value::from)
    .to_vec();
    for own in [
        json!({ "normalize": "none" }),
        json!({ "normalize": "nfc", "lowercase": true }),
        json!({ "normalize": "nfkc" }),
        json!({ "normalize": "nfkc", "lowercase": true, "added_tokens": ["<2de>", "ﬁ"] }),
    ] {
        for kind in [
            json!({ "characters": {} }),
            json!({ "words": { "vocab": "all", "min_frequency": 1 } }),
            json!({ "labels": {} }),
            json!({ "bytes": {} }),
            json!({ "bpe": { "vocab": 330, "byte_fallback": true, "min_frequency": 1 } }),
        ] {
            let mut all = options(kind);
            for (key, option) in own.as_object().expect("a mapping") {
                all[key] = option.clone();
            }
            conforms(Text, all, &spellings);
        }
    }
}

#[test]
fn every_kind_of_value_conforms() {
    let file = |text: &str| Value::File(File::in_memory("a.txt", text.as_bytes().to_vec()));
    let values = [
        "a short text".into(),
        file("the text of a file\n"),
        Value::Series(["two texts".into(), "become one".into()].into()),
        "".into(),
    ];
    for kind in [json!({ "characters": { "shared": true } }), json!({ "bytes": {} })] {
        conforms(Text, options(kind), &values);
    }
}

#[test]
fn every_existing_tokenizer_conforms() {
    let file = |name: &str, special: Json| {
        let mut file = special;
        file["path"] = json!(golden(name));
        options(json!({ "file": file }))
    };
    for options in [
        file("byte_level_bpe.json", json!({})),
        file("byte_level_bpe.json", json!({ "begin": "<|endoftext|>", "shared": true })),
        file("bert_word_piece.json", json!({})),
        file("metaspace_unigram.json", json!({})),
        file("sentencepiece_bpe.model", json!({})),
        file("sentencepiece_bpe_bytes.model", json!({})),
        file("sentencepiece_characters.model", json!({})),
        file("sentencepiece_unigram.model", json!({})),
        file("sentencepiece_unigram_bytes.model", json!({})),
        file("sentencepiece_words.model", json!({})),
    ] {
        conforms(Text, options.clone(), &texts());
        let mut added = options;
        added["added_tokens"] = json!(["<2de>", "the"]);
        conforms(Text, added, &texts());
    }
}
