//! Extension of a trained tokenizer by the pieces of other texts: its own keep their numbers, new ones come behind them.

use std::collections::HashSet;

use any2any_adapter::{AdapterError, Value};
use serde_json::{Value as Json, json};

use crate::added::AddedTokens;
use crate::error::TextError;
use crate::normalization::Normalizer;
use crate::options::{TextOptions, Tokenizer, VocabularySize};
use crate::training::{nearest_vocabulary, train};

/// The file of a tokenizer, extended by what one that is trained on values with the same options has and it lacks.
///
/// # Errors
///
/// When a value is no text, there is no text at all, or the file is broken.
pub(crate) fn extended(
    options: &TextOptions,
    known: &str,
    normalizer: Normalizer,
    added: &AddedTokens,
    values: &[&Value],
) -> Result<String, AdapterError> {
    let options = &fitting(options, values)?;
    let trained = train(options, normalizer, added, &mut values.iter().copied())?;
    let parse = |document: &str| -> Result<Json, TextError> {
        serde_json::from_str(document).map_err(|error| TextError::Segmentation { reason: error.to_string() })
    };
    let (mut document, new) = (parse(known)?, parse(&trained)?);
    extend_model(&mut document["model"], &new["model"]);
    serde_json::to_string_pretty(&document)
        .map_err(|error| TextError::Segmentation { reason: error.to_string() }.into())
}

/// The options with as many tokens as the values can give, where those asked for are more.
fn fitting(options: &TextOptions, values: &[&Value]) -> Result<TextOptions, AdapterError> {
    let mut options = options.clone();
    let Some(asked) = options.tokenizer.vocab() else { return Ok(options) };
    let size = asked.min(nearest_vocabulary(&options, &mut values.iter().copied())?);
    match &mut options.tokenizer {
        Tokenizer::Bpe(bpe) => bpe.vocab = size,
        Tokenizer::Unigram(unigram) => unigram.vocab = size,
        Tokenizer::WordPiece(word_piece) => word_piece.vocab = size,
        Tokenizer::Words(words) => words.vocab = VocabularySize::Tokens(size),
        Tokenizer::Characters(_) | Tokenizer::Labels(_) | Tokenizer::Bytes(_) | Tokenizer::File(_) => {}
    }
    Ok(options)
}

/// Adds to a model the pieces of another of its kind, in their order, and the merges that lead to them, behind its own.
fn extend_model(model: &mut Json, new: &Json) {
    match (&mut model["vocab"], &new["vocab"]) {
        // Pieces of a unigram model have log-probabilities.
        (Json::Array(pieces), Json::Array(new)) => {
            let known: HashSet<String> = pieces.iter().map(|piece| piece[0].to_string()).collect();
            pieces.extend(new.iter().filter(|piece| !known.contains(&piece[0].to_string())).cloned());
        }
        (Json::Object(pieces), Json::Object(new)) => {
            let mut numbered: Vec<(u64, &String)> =
                new.iter().filter_map(|(piece, number)| Some((number.as_u64()?, piece))).collect();
            numbered.sort_unstable();
            for (_, piece) in numbered {
                if !pieces.contains_key(piece) {
                    pieces.insert(piece.clone(), json!(pieces.len()));
                }
            }
        }
        _ => {}
    }
    if let (Json::Array(merges), Json::Array(new)) = (&mut model["merges"], &new["merges"]) {
        let known: HashSet<String> = merges.iter().map(Json::to_string).collect();
        merges.extend(new.iter().filter(|merge| !known.contains(&merge.to_string())).cloned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_and_merges_come_behind_those_that_are_known() {
        let mut model = json!({ "vocab": { "<unk>": 0, "a": 1, "b": 2, "ab": 3 }, "merges": [["a", "b"]] });
        let new = json!({
            "vocab": { "<unk>": 0, "b": 1, "a": 2, "c": 3, "ab": 4, "abc": 5 },
            "merges": [["a", "b"], ["ab", "c"]],
        });
        extend_model(&mut model, &new);
        let expected = json!({
            "vocab": { "<unk>": 0, "a": 1, "b": 2, "ab": 3, "c": 4, "abc": 5 },
            "merges": [["a", "b"], ["ab", "c"]],
        });
        assert_eq!(model, expected);
        let mut unigram = json!({ "vocab": [["<unk>", 0.0], ["a", -1.0]] });
        extend_model(&mut unigram, &json!({ "vocab": [["<unk>", 0.0], ["b", -2.0], ["a", -3.0]] }));
        assert_eq!(unigram["vocab"], json!([["<unk>", 0.0], ["a", -1.0], ["b", -2.0]]));
    }
}
