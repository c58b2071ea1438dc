//! Tokenizers of a model from elsewhere, as options of the text medium.

use std::collections::BTreeMap;
use std::path::Path;

use any2any_pretrained::{Family, TokenRoles};
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
    let failed = |reason: String| Usage(format!("{}: {reason}", folder.join("vocab.json").display()));
    if folder.join("target_vocab.json").exists() {
        return Err(failed(
            "beside it stands target_vocab.json, a vocabulary of targets alone, which is not known yet"
                .to_owned(),
        )
        .into());
    }
    let numbers: BTreeMap<String, u32> = serde_json::from_slice(&read(folder, "vocab.json")?)
        .map_err(|error| failed(format!("no mapping from pieces to numbers: {error}")))?;
    let mut names = vec![None; numbers.len()];
    for (name, number) in numbers {
        match names.get_mut(number as usize) {
            Some(place @ None) => *place = Some(name),
            _ => {
                let reason = format!("'{name}' has the number {number}, which is another's or too large");
                return Err(failed(reason).into());
            }
        }
    }
    let names: Vec<String> = names.into_iter().flatten().collect();
    let name = |token: Option<u32>, usual: &str| {
        token.and_then(|token| names.get(token as usize).cloned()).unwrap_or_else(|| usual.to_owned())
    };
    let (end, padding) = (name(tokens.end.first().copied(), "</s>"), name(tokens.padding, "<pad>"));
    let begin = name(tokens.decoder_start, &padding);
    let mut notes = Vec::new();
    let mut side = |file: &str| -> anyhow::Result<Json> {
        let model = read(folder, file)?;
        let control = [end.as_str(), padding.as_str(), begin.as_str()];
        let Renumbered { document, lacking, unknown } = renumbered(&model, &names, &control)
            .map_err(|reason| Usage(format!("{}: {reason}", folder.join(file).display())))?;
        if !lacking.is_empty() {
            notes.push(format!(
                "{file}: {} pieces have no number in vocab.json, and texts are cut into others, where Marian has unknown \
                 ones: {}",
                lacking.len(),
                lacking.iter().take(5).cloned().collect::<Vec<_>>().join(" ")
            ));
        }
        let path = written.join(file);
        std::fs::write(&path, document)?;
        Ok(
            json!({ "path": path, "padding": padding, "unknown": unknown, "unknown_by_name": true, "begin": begin, "end": end }),
        )
    };
    let (source, target) = (side("source.spm")?, side("target.spm")?);
    Ok(Tokenizers { source: Some(source), target, adds_padding: false, notes })
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
