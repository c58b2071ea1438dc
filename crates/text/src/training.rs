//! Training: from the texts of the training split to a `tokenizer.json`.

use any2any_adapter::{AdapterError, Value};
use serde_json::{Map, json};

use crate::corpus::Counts;
use crate::error::TextError;
use crate::normalization::Normalizer;
use crate::options::{TextOptions, Tokenizer};
use crate::special::{SPECIAL, SpecialTokens};
use crate::{bpe, recipe, unigram};

/// The longest word, in characters, that WordPiece cuts; longer ones are unknown.
const LONGEST_WORD: usize = 100;
/// Log-probabilities are written with six decimals: enough to tell segmentations apart, and the same on
/// machines whose logarithms differ in the last bit.
const DECIMALS: f64 = 1e6;

/// The file of a tokenizer that is trained on values.
pub(crate) fn train(
    options: &TextOptions,
    normalizer: Normalizer,
    values: &mut dyn Iterator<Item = &Value>,
) -> Result<String, AdapterError> {
    let tokenizer = &options.tokenizer;
    let model = match tokenizer {
        Tokenizer::Bytes(_) => {
            not_empty(&Counts::characters(normalizer, values)?)?;
            bpe_model(tokenizer, &bpe::Merges::default())
        }
        Tokenizer::Characters(options) => {
            let counts = Counts::characters(normalizer, values)?;
            not_empty(&counts)?;
            let mut pieces = counts.by_frequency(options.min_frequency);
            if pieces.is_empty() {
                return Err(AdapterError::Fit {
                    option: "tokenizer.characters.min_frequency".to_owned(),
                    reason: format!("no character occurs {} times: ask for less", options.min_frequency),
                });
            }
            pieces.sort_unstable();
            bpe_model(tokenizer, &bpe::Merges { alphabet: pieces.len(), pieces, merges: Vec::new() })
        }
        Tokenizer::Labels(_) => {
            let counts = Counts::texts(normalizer, values)?;
            not_empty(&counts)?;
            let labels: Vec<String> = counts.0.into_iter().map(|(label, _)| label).collect();
            if let Some(label) = labels.iter().find(|label| SPECIAL.contains(&label.as_str())) {
                return Err(AdapterError::Fit {
                    option: "tokenizer.labels".to_owned(),
                    reason: format!("'{label}' is a token of its own: rename this label"),
                });
            }
            level_model(tokenizer, &labels)
        }
        _ => {
            let counts = Counts::words(normalizer, values)?;
            not_empty(&counts)?;
            word_model(tokenizer, counts)?
        }
    };
    let document = recipe::document(options, model);
    serde_json::to_string_pretty(&document)
        .map_err(|error| TextError::Segmentation { reason: error.to_string() }.into())
}

/// The model of a tokenizer that cuts words.
fn word_model(tokenizer: &Tokenizer, counts: Counts) -> Result<serde_json::Value, AdapterError> {
    let size = tokenizer.vocab().unwrap_or(0).saturating_sub(tokenizer.fixed());
    let min_frequency = tokenizer.min_frequency().unwrap_or(1);
    let unknown = SPECIAL[1];
    Ok(match tokenizer {
        Tokenizer::Unigram(options) => {
            let alphabet = counts.alphabet();
            let pieces = unigram::learn(&counts.0, size);
            exact_size(tokenizer, alphabet, pieces.len())?;
            let mut vocab: Vec<(String, f64)> =
                fixed_pieces(tokenizer).into_iter().map(|piece| (piece, 0.0)).collect();
            vocab.extend(
                pieces.into_iter().map(|(piece, score)| (piece, (score * DECIMALS).round() / DECIMALS)),
            );
            json!({
                "type": "Unigram", "unk_id": SpecialTokens::TRAINED.unknown, "vocab": vocab,
                "byte_fallback": options.byte_fallback,
            })
        }
        Tokenizer::WordPiece(_) => {
            let found = bpe::learn(&counts.0, size, min_frequency, recipe::CONTINUED);
            exact_size(tokenizer, found.alphabet, found.pieces.len())?;
            json!({
                "type": "WordPiece", "unk_token": unknown, "continuing_subword_prefix": recipe::CONTINUED,
                "max_input_chars_per_word": LONGEST_WORD, "vocab": vocabulary(tokenizer, &found.pieces),
            })
        }
        Tokenizer::Words(_) => {
            let mut words = counts.by_frequency(min_frequency);
            exact_size(tokenizer, 0, words.len().min(size))?;
            words.truncate(size);
            level_model(tokenizer, &words)
        }
        _ => {
            let found = bpe::learn(&counts.0, size, min_frequency, "");
            exact_size(tokenizer, found.alphabet, found.pieces.len())?;
            bpe_model(tokenizer, &found)
        }
    })
}

fn level_model(tokenizer: &Tokenizer, units: &[String]) -> serde_json::Value {
    json!({ "type": "WordLevel", "vocab": vocabulary(tokenizer, units), "unk_token": SPECIAL[1] })
}

fn bpe_model(tokenizer: &Tokenizer, found: &bpe::Merges) -> serde_json::Value {
    json!({
        "type": "BPE", "dropout": null, "unk_token": SPECIAL[1], "continuing_subword_prefix": null,
        "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": tokenizer.has_bytes(),
        "ignore_merges": false, "vocab": vocabulary(tokenizer, &found.pieces), "merges": found.merges,
    })
}

/// The special tokens and the bytes that stand before everything that is learned.
fn fixed_pieces(tokenizer: &Tokenizer) -> Vec<String> {
    let bytes = if tokenizer.has_bytes() { 0..256 } else { 0..0 };
    SPECIAL
        .iter()
        .map(|piece| (*piece).to_owned())
        .chain(bytes.map(|byte| format!("<0x{byte:02X}>")))
        .collect()
}

/// All pieces with their numbers.
fn vocabulary(tokenizer: &Tokenizer, learned: &[String]) -> Map<String, serde_json::Value> {
    fixed_pieces(tokenizer)
        .into_iter()
        .chain(learned.iter().cloned())
        .enumerate()
        .map(|(number, piece)| (piece, json!(number)))
        .collect()
}

fn not_empty(counts: &Counts) -> Result<(), AdapterError> {
    if counts.is_empty() {
        return Err(AdapterError::Fit {
            option: "field".to_owned(),
            reason: "the training split has no text in this field: check the field's name and the files"
                .to_owned(),
        });
    }
    Ok(())
}

/// Whether what was learned is as much as was asked for, and what to ask for if not.
fn exact_size(tokenizer: &Tokenizer, alphabet: usize, learned: usize) -> Result<(), AdapterError> {
    let (name, asked, fixed) = (tokenizer.name(), tokenizer.vocab().unwrap_or(0), tokenizer.fixed());
    let size = asked.saturating_sub(fixed);
    let reason = if alphabet > size {
        let least = fixed + alphabet;
        format!(
            "{asked} tokens cannot hold the {alphabet} characters of the training data beside {fixed} fixed \
             tokens: ask for at least {least}"
        )
    } else if learned < size {
        let most = fixed + learned;
        let or_lower = match tokenizer.min_frequency() {
            Some(frequency) if frequency > 1 => {
                format!(", or lower tokenizer.{name}.min_frequency, which is {frequency}")
            }
            _ => String::new(),
        };
        format!(
            "{asked} tokens are asked for, and the training data gives {most}: ask for at most {most}{or_lower}"
        )
    } else {
        return Ok(());
    };
    Err(AdapterError::Fit { option: format!("tokenizer.{name}.vocab"), reason })
}
