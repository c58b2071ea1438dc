//! Training: from the texts of the training split to a `tokenizer.json`.

use any2any_adapter::{AdapterError, Value};
use serde_json::{Map, json};

use crate::added::AddedTokens;
use crate::corpus::Counts;
use crate::error::TextError;
use crate::normalization::Normalizer;
use crate::options::{Bpe, Characters, TextOptions, Tokenizer, Unigram};
use crate::pieces::byte_name;
use crate::special::{SPECIAL, SpecialTokens};
use crate::{bpe, hf_format, unigram};

/// The longest word, in characters, that WordPiece cuts; longer ones are unknown.
const LONGEST_WORD: usize = 100;
/// Log-probabilities are written with six decimals: enough to tell segmentations apart, and the same on
/// machines whose logarithms differ in the last bit.
const DECIMALS: f64 = 1e6;

/// The file of a tokenizer that is trained on values.
pub(crate) fn train(
    options: &TextOptions,
    normalizer: Normalizer,
    added: &AddedTokens,
    values: &mut dyn Iterator<Item = &Value>,
) -> Result<String, AdapterError> {
    let model = match &options.tokenizer {
        Tokenizer::Bytes(_) => {
            not_empty(&Counts::characters(normalizer, added, values)?)?;
            bpe_model(options, &bpe::Merges::default())?
        }
        Tokenizer::Characters(Characters { min_frequency, .. }) => {
            let counts = Counts::characters(normalizer, added, values)?;
            not_empty(&counts)?;
            let mut pieces = counts.by_frequency(*min_frequency);
            if pieces.is_empty() {
                return Err(AdapterError::Fit {
                    option: "tokenizer.characters.min_frequency".to_owned(),
                    reason: format!("no character occurs {min_frequency} times: ask for less"),
                });
            }
            pieces.sort_unstable();
            bpe_model(options, &bpe::Merges { alphabet: pieces.len(), pieces, ..bpe::Merges::default() })?
        }
        Tokenizer::Labels(_) => {
            let counts = Counts::texts(normalizer, added, values)?;
            not_empty(&counts)?;
            let labels: Vec<String> = counts.0.into_iter().map(|(label, _)| label).collect();
            if let Some(label) = labels.iter().find(|label| SPECIAL.contains(&label.as_str())) {
                return Err(AdapterError::Fit {
                    option: "tokenizer.labels".to_owned(),
                    reason: format!("'{label}' is a token of its own: rename this label"),
                });
            }
            level_model(options, &labels)?
        }
        _ => {
            let counts = Counts::words(normalizer, added, values)?;
            not_empty(&counts)?;
            word_model(options, counts)?
        }
    };
    let document = hf_format::document(options, model);
    serde_json::to_string_pretty(&document)
        .map_err(|error| TextError::Segmentation { reason: error.to_string() }.into())
}

/// The number of tokens nearest to the one asked for that texts can have, for a tokenizer that cuts words.
///
/// # Errors
///
/// When a value is no text, or there is no text at all.
pub fn nearest_vocabulary(
    options: &TextOptions,
    values: &mut dyn Iterator<Item = &Value>,
) -> Result<usize, AdapterError> {
    let tokenizer = &options.tokenizer;
    let normalizer = Normalizer { form: options.normalization(), lowercase: options.lowercase };
    let added = AddedTokens::new(&options.added_tokens)
        .map_err(|reason| AdapterError::Fit { option: "added_tokens".to_owned(), reason })?;
    let counts = Counts::words(normalizer, &added, values)?;
    not_empty(&counts)?;
    let size = tokenizer.vocab().map_or(usize::MAX, |asked| asked.saturating_sub(options.fixed()));
    let min_frequency = tokenizer.min_frequency().unwrap_or(1);
    let learned = match tokenizer {
        Tokenizer::Unigram(_) => unigram::learn(&counts.0, size).len(),
        Tokenizer::WordPiece(_) => {
            bpe::learn(&counts.0, size, min_frequency, hf_format::CONTINUED).pieces.len()
        }
        Tokenizer::Words(_) => counts.by_frequency(min_frequency).len().min(size),
        _ => bpe::learn(&counts.0, size, min_frequency, "").pieces.len(),
    };
    Ok(options.fixed() + learned)
}

/// The model of a tokenizer that cuts words.
fn word_model(options: &TextOptions, counts: Counts) -> Result<serde_json::Value, AdapterError> {
    let tokenizer = &options.tokenizer;
    let size = tokenizer.vocab().map_or(usize::MAX, |asked| asked.saturating_sub(options.fixed()));
    let min_frequency = tokenizer.min_frequency().unwrap_or(1);
    let unknown = SPECIAL[1];
    Ok(match tokenizer {
        Tokenizer::Unigram(Unigram { byte_fallback, .. }) => {
            let alphabet = counts.alphabet();
            let pieces = unigram::learn(&counts.0, size);
            exact_size(options, alphabet, pieces.len())?;
            apart(options, pieces.iter().map(|(piece, _)| piece))?;
            let mut vocab: Vec<(String, f64)> =
                fixed_pieces(options).into_iter().map(|piece| (piece, 0.0)).collect();
            vocab.extend(
                pieces.into_iter().map(|(piece, score)| (piece, (score * DECIMALS).round() / DECIMALS)),
            );
            json!({
                "type": "Unigram", "unk_id": SpecialTokens::TRAINED.unknown, "vocab": vocab,
                "byte_fallback": byte_fallback,
            })
        }
        Tokenizer::WordPiece(_) => {
            let found = bpe::learn(&counts.0, size, min_frequency, hf_format::CONTINUED);
            exact_size(options, found.alphabet, found.pieces.len())?;
            json!({
                "type": "WordPiece", "unk_token": unknown, "continuing_subword_prefix": hf_format::CONTINUED,
                "max_input_chars_per_word": LONGEST_WORD, "vocab": vocabulary(options, &found.pieces)?,
            })
        }
        Tokenizer::Words(_) => {
            let mut words = counts.by_frequency(min_frequency);
            exact_size(options, 0, words.len().min(size))?;
            words.truncate(size);
            level_model(options, &words)?
        }
        _ => {
            let found = bpe::learn(&counts.0, size, min_frequency, "");
            exact_size(options, found.alphabet, found.pieces.len())?;
            bpe_model(options, &found)?
        }
    })
}

fn level_model(options: &TextOptions, units: &[String]) -> Result<serde_json::Value, AdapterError> {
    Ok(json!({ "type": "WordLevel", "vocab": vocabulary(options, units)?, "unk_token": SPECIAL[1] }))
}

fn bpe_model(options: &TextOptions, found: &bpe::Merges) -> Result<serde_json::Value, AdapterError> {
    Ok(json!({
        "type": "BPE", "dropout": null, "unk_token": SPECIAL[1], "continuing_subword_prefix": null,
        "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": options.tokenizer.has_bytes(),
        "ignore_merges": false, "vocab": vocabulary(options, &found.pieces)?, "merges": found.merges,
    }))
}

/// The special tokens, the added tokens and the bytes that stand before everything that is learned.
fn fixed_pieces(options: &TextOptions) -> Vec<String> {
    let bytes = options.tokenizer.has_bytes().then_some(0..=u8::MAX);
    let special = SPECIAL.iter().map(|piece| (*piece).to_owned());
    special
        .chain(options.added_tokens.iter().cloned())
        .chain(bytes.into_iter().flatten().map(byte_name))
        .collect()
}

/// The JSON object of all pieces with their numbers.
fn vocabulary(
    options: &TextOptions,
    learned: &[String],
) -> Result<Map<String, serde_json::Value>, AdapterError> {
    apart(options, learned.iter())?;
    let pieces = fixed_pieces(options).into_iter().chain(learned.iter().cloned());
    Ok(pieces.enumerate().map(|(number, piece)| (piece, json!(number))).collect())
}

/// Refuses an added token that is a piece of what other texts become by normalisation.
fn apart<'a>(
    options: &TextOptions,
    mut learned: impl Iterator<Item = &'a String>,
) -> Result<(), AdapterError> {
    match learned.find(|piece| options.added_tokens.contains(piece)) {
        None => Ok(()),
        Some(piece) => Err(AdapterError::Fit {
            option: "added_tokens".to_owned(),
            reason: format!(
                "'{piece}' is also a piece of ordinary text: give the token a name that no text has, such as <{piece}>"
            ),
        }),
    }
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

/// Checks that training learned as much as was asked for, and names the nearest size if not.
fn exact_size(options: &TextOptions, alphabet: usize, learned: usize) -> Result<(), AdapterError> {
    let tokenizer = &options.tokenizer;
    let Some(asked) = tokenizer.vocab() else { return Ok(()) };
    let (name, fixed) = (tokenizer.name(), options.fixed());
    let size = asked.saturating_sub(fixed);
    // The place of the error is that of the option only where the option was written.
    let unsaid = if asked == Bpe::default().vocab {
        format!(
            "; {asked} is what holds where nothing is said: write `tokenizer: {{ {name}: {{ vocab: ... }} }}`"
        )
    } else {
        String::new()
    };
    let reason = if alphabet > size {
        let least = fixed + alphabet;
        format!(
            "{asked} tokens cannot hold the {alphabet} characters of the training data beside {fixed} fixed \
             tokens: ask for at least {least}{unsaid}"
        )
    } else if learned < size {
        let most = fixed + learned;
        let or_all = if let Tokenizer::Words(_) = tokenizer { ", or write `all`" } else { "" };
        let or_lower = match tokenizer.min_frequency() {
            Some(frequency) if frequency > 1 => {
                format!(", or lower tokenizer.{name}.min_frequency, which is {frequency}")
            }
            _ => String::new(),
        };
        format!(
            "{asked} tokens are asked for, and the training data gives {most}: ask for at most {most}{or_lower}{or_all}{unsaid}"
        )
    } else {
        return Ok(());
    };
    Err(AdapterError::Fit { option: format!("tokenizer.{name}.vocab"), reason })
}
