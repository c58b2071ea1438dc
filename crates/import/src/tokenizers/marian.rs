//! Marian: SentencePiece models of both sides, whose pieces have the numbers of a list: `source.spm`, `target.spm` and
//! `vocab.json` in Hugging Face's layout, and what its own files name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use any2any_pretrained::{TokenRoles, Vocabularies};
use any2any_text::{Renumbered, read_tokenizer_file, renumbered};
use serde_json::{Value as Json, json};

use super::sentencepiece::{by_number, numbered_names};
use super::{Folders, Tokenizers, absolute};
use crate::error::{ImportError, Result};

const VOCABULARY: &str = "vocab.json";
const PADDING: &str = "<pad>";
const END: &str = "</s>";

/// The tokenizers of a folder in Hugging Face's layout.
pub(super) fn tokenizers(folders: &Folders<'_>, tokens: &TokenRoles) -> Result<Tokenizers> {
    if folders.has("target_vocab.json") {
        let reason =
            "beside it stands target_vocab.json, a vocabulary of targets alone, which is not known yet";
        return Err(folders.wrong(VOCABULARY, reason));
    }
    let names = numbered_names(folders, VOCABULARY)?;
    let name = |token: Option<u32>, usual: &str| {
        token.and_then(|token| names.get(token as usize).cloned()).unwrap_or_else(|| usual.to_owned())
    };
    let (end, padding) = (name(tokens.end.first().copied(), END), name(tokens.padding, PADDING));
    let begin = name(tokens.decoder_start, &padding);
    let listed = Numbered { names, begin, end, padding };
    listed.tokenizers([folders.model.join("source.spm"), folders.model.join("target.spm")], folders)
}

/// The tokenizers of Marian's own files. Its decoder starts from zeros, which are those of the padding that is added.
pub(super) fn of_vocabularies(vocabularies: &Vocabularies, folders: &Folders<'_>) -> Result<Tokenizers> {
    let Vocabularies { source, target, numbers, .. } = vocabularies;
    if let Some(list) = numbers {
        let text = read_tokenizer_file(list).map_err(|reason| failed(list, reason))?;
        let numbers: BTreeMap<String, u32> = serde_yaml::from_slice(&text)
            .map_err(|error| failed(list, format!("no mapping from pieces to numbers: {error}")))?;
        let mut names = by_number(numbers).map_err(|reason| failed(list, reason))?;
        let padding = PADDING.to_owned();
        let adds_padding = !names.contains(&padding);
        if adds_padding {
            names.push(padding.clone());
        }
        let listed = Numbered { names, begin: padding.clone(), end: END.to_owned(), padding };
        let tokenizers = listed.tokenizers([source.clone(), target.clone()], folders)?;
        return Ok(Tokenizers { adds_padding, ..tokenizers });
    }
    let side = |path: &Path| -> Result<Json> {
        Ok(json!({ "path": absolute(path)?, "shared": source == target, "begin": PADDING, "end": END }))
    };
    let (source, target) = (side(source)?, side(target)?);
    Ok(Tokenizers { source: Some(source), target, adds_padding: true, notes: Vec::new() })
}

fn failed(path: &Path, reason: impl std::fmt::Display) -> ImportError {
    ImportError::of(path, reason)
}

/// Pieces of SentencePiece models with numbers of another list, and its special tokens.
struct Numbered {
    names: Vec<String>,
    begin: String,
    end: String,
    padding: String,
}

impl Numbered {
    /// The tokenizers of a source's and a target's SentencePiece model.
    fn tokenizers(&self, models: [PathBuf; 2], folders: &Folders<'_>) -> Result<Tokenizers> {
        let Self { names, begin, end, padding } = self;
        let mut notes = Vec::new();
        let mut side = |model: &Path, name: &str| -> Result<Json> {
            let bytes = read_tokenizer_file(model).map_err(|reason| failed(model, reason))?;
            let control = [end.as_str(), padding.as_str(), begin.as_str()];
            let Renumbered { document, lacking, unknown } =
                renumbered(&bytes, names, &control).map_err(|reason| failed(model, reason))?;
            if !lacking.is_empty() {
                notes.push(format!(
                    "{name}: {} pieces have no number in the list of pieces, and texts are cut into others, where Marian has \
                     unknown ones: {}",
                    lacking.len(),
                    lacking.iter().take(5).cloned().collect::<Vec<_>>().join(" ")
                ));
            }
            let path = folders.write(name, &document)?;
            Ok(
                json!({ "path": path, "padding": padding, "unknown": unknown, "unknown_by_name": true, "begin": begin, "end": end }),
            )
        };
        let [source, target] = models;
        let (source, target) = (side(&source, "source.spm")?, side(&target, "target.spm")?);
        Ok(Tokenizers { source: Some(source), target, adds_padding: false, notes })
    }
}
