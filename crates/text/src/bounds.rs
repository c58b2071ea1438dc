//! Bounds of a tokenizer file that comes from elsewhere. They are checked before a library reads the file, since a
//! library may abort or never end on input that it does not expect.
//!
//! Every message names the field. Real tokenizers are far inside: the largest known has about a million tokens, the
//! longest token some hundred bytes.

use std::io::Read;
use std::path::Path;

use any2any_adapter::state;
use serde_json::{Map, Value as Json};

use crate::pattern;
use crate::sentencepiece::CharacterMap;

/// Largest size of a file, in bytes.
const FILE: u64 = 256 << 20;
/// Largest number of tokens in a vocabulary, and one more than the highest id.
const TOKENS: u64 = 1 << 21;
/// Longest token, in bytes: some models try every start of the longest at every place of a text.
const TOKEN: usize = 1024;
/// Longest text that a step may put in for one match, in bytes.
const CONTENT: usize = 64;
/// Largest number of steps of one kind together, and their deepest nesting.
const STEPS: usize = 32;
/// Largest number of decoder steps, each of which runs once for each token.
const DECODERS: usize = 16;
const DEPTH: usize = 8;
/// Longest word that is cut into pieces, in characters: the time grows with their cube.
const WORD: u64 = 1000;

/// The bytes of a file of a tokenizer, which is no larger than any.
///
/// # Errors
///
/// When it cannot be read, or is larger than any tokenizer.
pub fn read(path: &Path) -> Result<Vec<u8>, String> {
    let cannot = |error: std::io::Error| format!("cannot be read: {error}");
    if state::is_held(path) {
        return state::read(path).map_err(cannot);
    }
    if !std::fs::metadata(path).map_err(cannot)?.is_file() {
        return Err("cannot be read: it is no file".to_owned());
    }
    let mut document = Vec::new();
    std::fs::File::open(path).map_err(cannot)?.take(FILE + 1).read_to_end(&mut document).map_err(cannot)?;
    if document.len() as u64 > FILE {
        return Err(format!("is larger than the {} MiB that a tokenizer may have", FILE >> 20));
    }
    Ok(document)
}

/// Checks the number of tokens of a vocabulary.
///
/// # Errors
///
/// When it has too many.
pub(crate) fn tokens(place: &str, count: usize) -> Result<(), String> {
    if count as u64 > TOKENS {
        return Err(format!("{place}: {count} tokens, and there may be {TOKENS}"));
    }
    Ok(())
}

/// Checks the length of a token's name.
///
/// # Errors
///
/// When its name is too long.
pub(crate) fn token(place: &str, name: &str) -> Result<(), String> {
    if name.len() > TOKEN {
        return Err(format!(
            "{place}: the token '{}...' has {} bytes, and may have {TOKEN}",
            start(name),
            name.len()
        ));
    }
    Ok(())
}

/// Checks the length of a text that a step puts in for a match.
///
/// # Errors
///
/// When it is too long.
pub(crate) fn content(place: &str, text: &str) -> Result<(), String> {
    if text.len() > CONTENT {
        return Err(format!(
            "{place}: '{}...' has {} bytes, and may have {CONTENT}",
            start(text),
            text.len()
        ));
    }
    Ok(())
}

/// Checks a whole `tokenizer.json`.
///
/// # Errors
///
/// The first field that is out of bounds.
pub(crate) fn file(file: &Json) -> Result<(), String> {
    if let Some(added) = file["added_tokens"].as_array() {
        tokens("added_tokens", added.len())?;
        for (index, added) in added.iter().enumerate() {
            let place = format!("added_tokens[{index}]");
            id(&format!("{place}.id"), &added["id"])?;
            token(&format!("{place}.content"), added["content"].as_str().unwrap_or_default())?;
        }
    }
    model(&file["model"])?;
    for part in ["normalizer", "pre_tokenizer", "decoder"] {
        let mut left = if part == "decoder" { DECODERS } else { STEPS };
        steps(part, &file[part], DEPTH, &mut left)?;
    }
    Ok(())
}

/// Checks the number of a token; values that are no number are refused by their readers.
fn id(place: &str, value: &Json) -> Result<(), String> {
    match value.as_u64() {
        Some(id) if id >= TOKENS => Err(format!("{place}: {id}, and ids go up to {}", TOKENS - 1)),
        _ => Ok(()),
    }
}

fn model(model: &Json) -> Result<(), String> {
    match &model["vocab"] {
        Json::Object(pieces) => {
            tokens("model.vocab", pieces.len())?;
            for (name, number) in pieces {
                token("model.vocab", name)?;
                if number.as_u64().is_none_or(|number| number >= TOKENS) {
                    let (name, most) = (start(name), TOKENS - 1);
                    return Err(format!(
                        "model.vocab: '{name}' has the id {number}, and ids go up to {most}"
                    ));
                }
            }
            merges(model, pieces)?;
        }
        Json::Array(pieces) => {
            tokens("model.vocab", pieces.len())?;
            for (number, piece) in pieces.iter().enumerate() {
                let name = piece[0].as_str().unwrap_or_default();
                token("model.vocab", name)?;
                if name.is_empty() || piece[1].as_f64().is_none_or(|score| !score.is_finite()) {
                    return Err(format!("model.vocab[{number}]: a name and its score are needed"));
                }
            }
            let unknown = &model["unk_id"];
            if !unknown.is_null() && unknown.as_u64().is_none_or(|token| token >= pieces.len() as u64) {
                let count = pieces.len();
                return Err(format!("model.unk_id: {} is none of the {count} tokens", shown(unknown)));
            }
        }
        _ => {}
    }
    for field in ["unk_token", "continuing_subword_prefix", "end_of_word_suffix"] {
        content(&format!("model.{field}"), model[field].as_str().unwrap_or_default())?;
    }
    let word = &model["max_input_chars_per_word"];
    if word.as_u64().is_some_and(|characters| characters > WORD) {
        return Err(format!(
            "model.max_input_chars_per_word: {word}, and it may be {WORD}: longer words are unknown; 100 is usual"
        ));
    }
    Ok(())
}

/// Checks merges, each of two tokens that make a third; the library cuts the second without checking its length.
fn merges(model: &Json, pieces: &Map<String, Json>) -> Result<(), String> {
    let prefix = model["continuing_subword_prefix"].as_str().unwrap_or_default();
    for (number, merge) in model["merges"].as_array().into_iter().flatten().enumerate() {
        let Some((left, right)) = halves(merge) else { continue };
        let made = right.get(prefix.len()..).map(|right| format!("{left}{right}"));
        let place = || format!("model.merges[{number}]");
        let Some(made) = made else {
            return Err(format!(
                "{}: '{}' is shorter than continuing_subword_prefix '{prefix}'",
                place(),
                start(right)
            ));
        };
        if let Some(missing) = [left, right, &made].into_iter().find(|piece| !pieces.contains_key(*piece)) {
            return Err(format!("{}: '{}' is not in model.vocab", place(), start(missing)));
        }
    }
    Ok(())
}

/// The two tokens of a merge, in the form of today or that of old files.
pub(crate) fn halves(merge: &Json) -> Option<(&str, &str)> {
    match merge {
        Json::Array(parts) => Some((parts.first()?.as_str()?, parts.get(1)?.as_str()?)),
        _ => merge.as_str().filter(|merge| !merge.starts_with("#version"))?.split_once(' '),
    }
}

/// Checks the steps of a kind, whatever the names of their types: old files leave these out.
fn steps(place: &str, step: &Json, depth: usize, left: &mut usize) -> Result<(), String> {
    if depth == 0 {
        return Err(format!("{place}: steps lie more than {DEPTH} deep in one another"));
    }
    match step {
        Json::Array(list) => {
            for (index, step) in list.iter().enumerate() {
                steps(&format!("{place}[{index}]"), step, depth, left)?;
            }
        }
        Json::Object(fields) => {
            *left = left.checked_sub(1).ok_or_else(|| {
                format!("{place}: there are more than {STEPS} steps, or {DECODERS} that decode")
            })?;
            for (name, value) in fields {
                field(&format!("{place}.{name}"), name, value, depth, left)?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn field(place: &str, name: &str, value: &Json, depth: usize, left: &mut usize) -> Result<(), String> {
    match (name, value) {
        ("precompiled_charsmap", Json::String(map)) => {
            CharacterMap::check_base64(map).map_err(|reason| format!("{place}: {reason}"))
        }
        ("pattern", Json::Object(pattern)) => {
            pattern.iter().try_for_each(|(kind, pattern)| match (kind.as_str(), pattern) {
                ("String", Json::String(text)) if text.is_empty() => Err(format!("{place}: it is empty")),
                ("String", Json::String(text)) => token(place, text),
                ("Regex", Json::String(text)) => {
                    pattern::check(text).map_err(|reason| format!("{place}: {reason}"))
                }
                _ => Ok(()),
            })
        }
        ("length", Json::Number(length)) if length.as_u64() == Some(0) => {
            Err(format!("{place}: 0, and a part has at least 1 character"))
        }
        (_, Json::String(text)) => content(place, text),
        (_, Json::Array(_) | Json::Object(_)) => steps(place, value, depth - 1, left),
        _ => Ok(()),
    }
}

/// The start of a name, as far as a message shows it.
fn start(name: &str) -> String {
    name.chars().take(20).collect()
}

fn shown(value: &Json) -> String {
    start(&value.to_string())
}
