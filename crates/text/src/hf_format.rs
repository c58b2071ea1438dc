//! The steps around a trained tokenizer's model, in the format of Hugging Face's `tokenizer.json`.
//!
//! The adapter takes these steps itself, because it needs the way back to the original and has to be fast.
//! They stand in the file for every other program; a test has the `tokenizers` crate take them from there
//! and give the same tokens. Only a text with added tokens is cut differently there: every part behind one is given a
//! mark of its own.

use serde_json::{Value, json};

use crate::options::{Normalization, TextOptions, Tokenizer};
use crate::special::{SPECIAL, SpecialTokens};
use crate::words::{SPACE, WORD};

/// Prefix of a WordPiece piece that does not start its word.
pub(crate) const CONTINUED: &str = "##";

/// The parts of the file that follow from the options.
pub(crate) const PARTS: [&str; 4] = ["normalizer", "pre_tokenizer", "post_processor", "decoder"];

/// True if texts are cut into words before they are cut into pieces.
pub(crate) fn has_words(tokenizer: &Tokenizer) -> bool {
    !matches!(tokenizer, Tokenizer::Characters(_) | Tokenizer::Labels(_) | Tokenizer::Bytes(_))
}

/// The name of the model in the file.
pub(crate) fn model_type(tokenizer: &Tokenizer) -> &'static str {
    match tokenizer {
        Tokenizer::Unigram(_) => "Unigram",
        Tokenizer::WordPiece(_) => "WordPiece",
        Tokenizer::Words(_) | Tokenizer::Labels(_) => "WordLevel",
        _ => "BPE",
    }
}

/// The whole file, around a model.
pub(crate) fn document(options: &TextOptions, model: Value) -> Value {
    let special = SPECIAL.iter().map(|name| (*name, true));
    let names = special.chain(options.added_tokens.iter().map(|name| (name.as_str(), false)));
    let added: Vec<Value> = names
        .enumerate()
        .map(|(id, (content, special))| {
            json!({
                "id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": false, "special": special,
            })
        })
        .collect();
    json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": added,
        "normalizer": normalizer(options),
        "pre_tokenizer": pre_tokenizer(options),
        "post_processor": post_processor(),
        "decoder": decoder(options),
        "model": model,
    })
}

/// The value of one of [`PARTS`].
pub(crate) fn part(options: &TextOptions, name: &str) -> Value {
    match name {
        "normalizer" => normalizer(options),
        "pre_tokenizer" => pre_tokenizer(options),
        "post_processor" => post_processor(),
        _ => decoder(options),
    }
}

/// The steps that normalise a text by its options.
pub(crate) fn normalization(options: &TextOptions) -> Vec<Value> {
    let mut steps = Vec::new();
    match options.normalization() {
        Normalization::None => {}
        Normalization::Nfc => steps.push(json!({ "type": "NFC" })),
        Normalization::Nfkc => steps.push(json!({ "type": "NFKC" })),
    }
    if options.lowercase {
        steps.push(json!({ "type": "Lowercase" }));
    }
    steps
}

fn normalizer(options: &TextOptions) -> Value {
    let mut steps = normalization(options);
    if has_words(&options.tokenizer) {
        steps.push(json!({ "type": "Prepend", "prepend": SPACE }));
        steps.push(json!({ "type": "Replace", "pattern": { "String": " " }, "content": SPACE }));
    }
    if steps.is_empty() { Value::Null } else { json!({ "type": "Sequence", "normalizers": steps }) }
}

fn pre_tokenizer(options: &TextOptions) -> Value {
    if !has_words(&options.tokenizer) {
        return Value::Null;
    }
    json!({ "type": "Split", "pattern": { "Regex": WORD }, "behavior": "Isolated", "invert": false })
}

fn post_processor() -> Value {
    let text = json!({ "Sequence": { "id": "A", "type_id": 0 } });
    let second = json!({ "Sequence": { "id": "B", "type_id": 0 } });
    let end = SPECIAL[SpecialTokens::TRAINED.end as usize];
    let ended = json!({ "SpecialToken": { "id": end, "type_id": 0 } });
    json!({
        "type": "TemplateProcessing",
        "single": [text, ended],
        "pair": [text, ended, second, ended],
        "special_tokens": { end: { "id": end, "ids": [SpecialTokens::TRAINED.end], "tokens": [end] } },
    })
}

fn decoder(options: &TextOptions) -> Value {
    let mut steps = Vec::new();
    if let Tokenizer::WordPiece(_) = options.tokenizer {
        let pattern = format!("^{CONTINUED}");
        steps.push(json!({ "type": "Replace", "pattern": { "Regex": pattern }, "content": "" }));
    }
    if has_words(&options.tokenizer) {
        steps.push(json!({ "type": "Replace", "pattern": { "String": SPACE }, "content": " " }));
    }
    if options.tokenizer.has_bytes() {
        steps.push(json!({ "type": "ByteFallback" }));
    }
    steps.push(json!({ "type": "Fuse" }));
    if has_words(&options.tokenizer) {
        steps.push(json!({ "type": "Strip", "content": " ", "start": 1, "stop": 0 }));
    }
    json!({ "type": "Sequence", "decoders": steps })
}
