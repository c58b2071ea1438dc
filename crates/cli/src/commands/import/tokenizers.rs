//! Tokenizers of a model from elsewhere, as options of the text medium.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use any2any_pretrained::{Family, TokenRoles, Vocabularies};
use any2any_text::{Renumbered, read_tokenizer_file, renumbered};
use serde_json::{Value as Json, json};

use crate::arguments::Usage;

/// The `tokenizer.file` options of both sides; no source of a language model.
pub(super) struct Tokenizers {
    pub(super) source: Option<Json>,
    pub(super) target: Json,
    /// The vocabulary has no padding, and is given one behind its last token.
    pub(super) adds_padding: bool,
    /// What differs from the model's own program.
    pub(super) notes: Vec<String>,
}

impl Tokenizers {
    /// The tokenizers of Marian's own files. Its decoder starts from zeros, which are those of the padding that is added.
    pub(super) fn of_vocabularies(vocabularies: &Vocabularies, written: &Path) -> anyhow::Result<Self> {
        let Vocabularies { source, target, numbers, .. } = vocabularies;
        if let Some(list) = numbers {
            let text = read_tokenizer_file(list).map_err(|reason| failed(list, reason))?;
            let numbers: BTreeMap<String, u32> = serde_yaml::from_slice(&text)
                .map_err(|error| failed(list, format!("no mapping from pieces to numbers: {error}")))?;
            let mut names = by_number(list, numbers)?;
            let padding = "<pad>".to_owned();
            let adds_padding = !names.contains(&padding);
            if adds_padding {
                names.push(padding.clone());
            }
            let listed = Numbered { names, begin: padding.clone(), end: "</s>".to_owned(), padding };
            let tokenizers = listed.tokenizers([source.clone(), target.clone()], written)?;
            return Ok(Self { adds_padding, ..tokenizers });
        }
        let side = |path: &Path| -> anyhow::Result<Json> {
            let shared = source == target;
            Ok(
                json!({ "path": std::path::absolute(path)?, "shared": shared, "begin": "<pad>", "end": "</s>" }),
            )
        };
        let (source, target) = (side(source)?, side(target)?);
        Ok(Self { source: Some(source), target, adds_padding: true, notes: Vec::new() })
    }

    /// The tokenizers in a model's folder; files that have to be written go into `written`.
    pub(super) fn of(
        family: Family,
        folder: &Path,
        written: &Path,
        tokens: &TokenRoles,
    ) -> anyhow::Result<Self> {
        match family {
            Family::Marian => marian(folder, written, tokens),
            Family::T5 => t5(folder),
            Family::Gpt2 => gpt2(folder),
            other => Err(Usage(format!(
                "{}: the weights of {other} are known, but not yet the tokens that it puts in front of a text",
                folder.display()
            ))
            .into()),
        }
    }
}

/// Reads a file of the folder.
fn read(folder: &Path, name: &str) -> Result<Vec<u8>, Usage> {
    let path = folder.join(name);
    read_tokenizer_file(&path).map_err(|reason| Usage(format!("{}: {reason}", path.display())))
}

/// `source.spm` and `target.spm`, whose pieces have the numbers of `vocab.json`.
fn marian(folder: &Path, written: &Path, tokens: &TokenRoles) -> anyhow::Result<Tokenizers> {
    let list = folder.join("vocab.json");
    if folder.join("target_vocab.json").exists() {
        return Err(failed(
            &list,
            "beside it stands target_vocab.json, a vocabulary of targets alone, which is not known yet",
        ));
    }
    let numbers: BTreeMap<String, u32> = serde_json::from_slice(&read(folder, "vocab.json")?)
        .map_err(|error| failed(&list, format!("no mapping from pieces to numbers: {error}")))?;
    let names = by_number(&list, numbers)?;
    let name = |token: Option<u32>, usual: &str| {
        token.and_then(|token| names.get(token as usize).cloned()).unwrap_or_else(|| usual.to_owned())
    };
    let (end, padding) = (name(tokens.end.first().copied(), "</s>"), name(tokens.padding, "<pad>"));
    let begin = name(tokens.decoder_start, &padding);
    let listed = Numbered { names, begin, end, padding };
    listed.tokenizers([folder.join("source.spm"), folder.join("target.spm")], written)
}

fn failed(path: &Path, reason: impl std::fmt::Display) -> anyhow::Error {
    Usage(format!("{}: {reason}", path.display())).into()
}

/// The names of pieces in the order of their numbers.
fn by_number(list: &Path, numbers: BTreeMap<String, u32>) -> anyhow::Result<Vec<String>> {
    let mut names = vec![None; numbers.len()];
    for (name, number) in numbers {
        match names.get_mut(number as usize) {
            Some(place @ None) => *place = Some(name),
            _ => {
                let reason = format!("'{name}' has the number {number}, which is another's or too large");
                return Err(failed(list, reason));
            }
        }
    }
    Ok(names.into_iter().flatten().collect())
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
    fn tokenizers(&self, models: [PathBuf; 2], written: &Path) -> anyhow::Result<Tokenizers> {
        let Self { names, begin, end, padding } = self;
        let mut notes = Vec::new();
        let mut side = |model: &Path, name: &str| -> anyhow::Result<Json> {
            let bytes = read_tokenizer_file(model).map_err(|reason| failed(model, reason))?;
            let control = [end.as_str(), padding.as_str(), begin.as_str()];
            let Renumbered { document, lacking, unknown } =
                renumbered(&bytes, names, &control).map_err(|reason| failed(model, reason))?;
            if !lacking.is_empty() {
                notes.push(format!(
                    "{name}: {} pieces have no number in vocab.json, and texts are cut into others, where Marian has \
                     unknown ones: {}",
                    lacking.len(),
                    lacking.iter().take(5).cloned().collect::<Vec<_>>().join(" ")
                ));
            }
            let path = written.join(name);
            std::fs::write(&path, document)?;
            Ok(
                json!({ "path": path, "padding": padding, "unknown": unknown, "unknown_by_name": true, "begin": begin, "end": end }),
            )
        };
        let [source, target] = models;
        let (source, target) = (side(&source, "source.spm")?, side(&target, "target.spm")?);
        Ok(Tokenizers { source: Some(source), target, adds_padding: false, notes })
    }
}

/// `tokenizer.json`, or `spiece.model`, for both sides.
fn t5(folder: &Path) -> anyhow::Result<Tokenizers> {
    let file = json!({
        "path": found(folder, &["tokenizer.json", "spiece.model"])?,
        "shared": true,
        "padding": "<pad>",
        "begin": "<pad>",
        "end": "</s>",
    });
    Ok(Tokenizers { source: Some(file.clone()), target: file, adds_padding: false, notes: Vec::new() })
}

/// `tokenizer.json` of a language model.
fn gpt2(folder: &Path) -> anyhow::Result<Tokenizers> {
    let file = json!({ "path": found(folder, &["tokenizer.json"])?, "end": "<|endoftext|>", "begin": "<|endoftext|>" });
    Ok(Tokenizers { source: None, target: file, adds_padding: true, notes: Vec::new() })
}

/// The first of some files that is there, as an absolute path.
fn found(folder: &Path, names: &[&str]) -> anyhow::Result<std::path::PathBuf> {
    let place = names.iter().map(|name| folder.join(name)).find(|path| path.is_file());
    let lacking = || Usage(format!("{}: there is no {}", folder.display(), names.join(", and no ")));
    Ok(std::path::absolute(place.ok_or_else(lacking)?)?)
}
