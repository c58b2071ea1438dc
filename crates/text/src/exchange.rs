//! A tokenizer as other programs take it: a `tokenizer.json` that gives, of itself, the tokens of a model's inputs.
//!
//! Other programs know none of the options beside the file, and have a post-processor add the tokens that a model needs:
//! a normalisation by the options becomes the first step of the file, and the tokens around a text its last.

use serde_json::{Map, Value, json};

use crate::hf_format;
use crate::options::{TextOptions, Tokenizer};

/// Tokens around a text, and the numbers of all tokens.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    /// The tokens before a text, each with its number.
    pub begin: Vec<(String, u32)>,
    /// The token behind a text, with its number.
    pub end: Option<(String, u32)>,
    /// The token that fills up a batch, with its number.
    pub padding: Option<(String, u32)>,
    /// The number of the first token.
    pub offset: u32,
}

/// The `tokenizer.json` of a saved tokenizer with all that its options and a model add to it.
///
/// # Errors
///
/// If the document is no `tokenizer.json`, as the model of SentencePiece is none.
pub fn for_other_programs(document: &[u8], options: &TextOptions, frame: &Frame) -> Result<String, String> {
    let mut file: Map<String, Value> = serde_json::from_slice(document)
        .map_err(|_| "it is no tokenizer.json, but a model of SentencePiece".to_owned())?;
    if matches!(options.tokenizer, Tokenizer::File(_)) {
        let own = file.get("normalizer").cloned().unwrap_or_default();
        file.insert("normalizer".to_owned(), normalized_before(options, own));
    }
    for option in ["truncation", "padding"] {
        file.insert(option.to_owned(), Value::Null);
    }
    if let Some(model) = file.get_mut("model").and_then(Value::as_object_mut)
        && model.contains_key("dropout")
    {
        model.insert("dropout".to_owned(), Value::Null);
    }
    if let Some((name, number)) = &frame.padding {
        add(&mut file, name, *number);
    }
    file.insert("post_processor".to_owned(), post_processor(frame));
    if frame.offset > 0 {
        shift(&mut file, frame.offset)?;
    }
    serde_json::to_string(&file).map_err(|error| error.to_string())
}

/// The normalisation by the options, and then that of the file.
fn normalized_before(options: &TextOptions, own: Value) -> Value {
    match (hf_format::normalization(options), own) {
        (steps, own) if steps.is_empty() => own,
        (mut steps, own) => {
            steps.extend((!own.is_null()).then_some(own));
            json!({ "type": "Sequence", "normalizers": steps })
        }
    }
}

/// Adds a token that a vocabulary was given, unless the file has it.
fn add(file: &mut Map<String, Value>, name: &str, number: u32) {
    let in_model = match file.get("model").and_then(|model| model.get("vocab")) {
        Some(Value::Object(pieces)) => pieces.contains_key(name),
        Some(Value::Array(pieces)) => pieces.iter().any(|piece| piece[0] == name),
        _ => false,
    };
    if let Value::Array(added) = file.entry("added_tokens").or_insert_with(|| json!([]))
        && !in_model
        && !added.iter().any(|token| token["content"] == name)
    {
        added.push(json!({
            "id": number, "content": name, "single_word": false, "lstrip": false, "rstrip": false,
            "normalized": false, "special": true,
        }));
    }
}

fn post_processor(frame: &Frame) -> Value {
    let token = |(name, _): &(String, u32)| json!({ "SpecialToken": { "id": name, "type_id": 0 } });
    let text = |id: &str| json!({ "Sequence": { "id": id, "type_id": 0 } });
    let begin = || frame.begin.iter().map(token);
    let end = || frame.end.iter().map(token);
    let single: Vec<Value> = begin().chain([text("A")]).chain(end()).collect();
    let pair: Vec<Value> = begin().chain([text("A")]).chain(end()).chain([text("B")]).chain(end()).collect();
    let mut special = Map::new();
    for (name, number) in frame.begin.iter().chain(&frame.end) {
        special.insert(name.clone(), json!({ "id": name, "ids": [number + frame.offset], "tokens": [name] }));
    }
    json!({ "type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": special })
}

/// Counts all tokens from a number on.
fn shift(file: &mut Map<String, Value>, offset: u32) -> Result<(), String> {
    let moved = |number: &mut Value| {
        if let Some(before) = number.as_u64() {
            *number = json!(before + u64::from(offset));
        }
    };
    if let Some(Value::Array(added)) = file.get_mut("added_tokens") {
        added.iter_mut().for_each(|token| moved(&mut token["id"]));
    }
    let model = file.get_mut("model").ok_or("it has no model")?;
    // No number may be nobody's, so those before have names that no text has.
    let unused = |number: u32| format!("\u{0}{number}");
    match model.get_mut("vocab") {
        Some(Value::Object(pieces)) => {
            pieces.values_mut().for_each(moved);
            pieces.extend((0..offset).map(|number| (unused(number), json!(number))));
        }
        // The number of a piece is its place.
        Some(Value::Array(pieces)) => {
            let before = (0..offset).map(|number| json!([unused(number), -1e6]));
            *pieces = before.chain(std::mem::take(pieces)).collect();
            moved(&mut model["unk_id"]);
        }
        _ => return Err("its model has no vocabulary".to_owned()),
    }
    Ok(())
}
