//! Tokenizers of a model from elsewhere, as options of the text medium.

mod bytes;
mod decoders;
mod marian;
mod sentencepiece;
mod whisper;

use std::path::{Path, PathBuf};

use any2any_pretrained::{Family, TokenRoles, Vocabularies};
use any2any_text::read_tokenizer_file;
use serde_json::{Value as Json, json};

use crate::arguments::Usage;

/// The `tokenizer.file` options of both sides; no source of a language model, or of one that reads no text.
pub(super) struct Tokenizers {
    pub(super) source: Option<Json>,
    pub(super) target: Json,
    /// The vocabulary has no padding, and is given one behind its last token.
    pub(super) adds_padding: bool,
    /// What differs from the model's own program.
    pub(super) notes: Vec<String>,
}

/// A model's folder, where it lies, and a folder for files that have to be written.
pub(super) struct Folders<'a> {
    pub(super) model: &'a Path,
    pub(super) written: &'a Path,
}

const JSON_FILE: &str = "tokenizer.json";

impl Tokenizers {
    /// The tokenizers in a model's folder.
    pub(super) fn of(family: Family, folders: &Folders<'_>, tokens: &TokenRoles) -> anyhow::Result<Self> {
        match family {
            Family::Marian => marian::tokenizers(folders, tokens),
            Family::Gpt2 => {
                let file = json!({ "path": folders.found(&[JSON_FILE])?, "end": "<|endoftext|>", "begin": "<|endoftext|>" });
                Ok(Self { source: None, target: file, adds_padding: true, notes: Vec::new() })
            }
            Family::VisionEncoderDecoder => decoders::tokenizers(folders, tokens),
            Family::Whisper => whisper::tokenizers(folders),
            Family::T5 if !folders.has(JSON_FILE) && !folders.has("spiece.model") => {
                Ok(Self::shared(bytes::tokenizer(folders)?))
            }
            Family::T5 => Ok(Self::shared(json!({
                "path": folders.found(&[JSON_FILE, "spiece.model"])?, "padding": "<pad>", "begin": "<pad>", "end": "</s>",
            }))),
            Family::Bart => Ok(Self::shared(json!({
                "path": folders.found(&[JSON_FILE])?, "padding": "<pad>", "begin": "</s>", "end": "</s>",
            }))),
            Family::Pegasus | Family::Mbart | Family::M2m100 => {
                Ok(Self::shared(sentencepiece::tokenizer(family, folders)?))
            }
            other => {
                Err(Usage(format!("{}: the tokenizer of {other} is not known", folders.model.display()))
                    .into())
            }
        }
    }

    /// The tokenizers of Marian's own files.
    pub(super) fn of_vocabularies(
        vocabularies: &Vocabularies,
        folders: &Folders<'_>,
    ) -> anyhow::Result<Self> {
        marian::of_vocabularies(vocabularies, folders)
    }

    /// One tokenizer of both sides.
    fn shared(mut file: Json) -> Self {
        file["shared"] = json!(true);
        Self { source: Some(file.clone()), target: file, adds_padding: false, notes: Vec::new() }
    }
}

impl Folders<'_> {
    fn has(&self, name: &str) -> bool {
        self.model.join(name).is_file()
    }

    /// Reads a file of the model.
    fn read(&self, name: &str) -> Result<Vec<u8>, Usage> {
        let path = self.model.join(name);
        read_tokenizer_file(&path).map_err(|reason| Usage(format!("{}: {reason}", path.display())))
    }

    /// Reads a JSON file of the model; null where there is none.
    pub(super) fn read_json(&self, name: &str) -> Result<Json, Usage> {
        if !self.has(name) {
            return Ok(Json::Null);
        }
        serde_json::from_slice(&self.read(name)?)
            .map_err(|error| self.wrong(name, format!("no JSON: {error}")))
    }

    /// The error of a file of the model.
    fn wrong(&self, name: &str, reason: impl std::fmt::Display) -> Usage {
        Usage(format!("{}: {reason}", self.model.join(name).display()))
    }

    /// The first of some files that is there, as an absolute path.
    fn found(&self, names: &[&str]) -> anyhow::Result<PathBuf> {
        let name = names.iter().find(|name| self.has(name));
        let lacking = || Usage(format!("{}: there is no {}", self.model.display(), names.join(", and no ")));
        Ok(std::path::absolute(self.model.join(name.ok_or_else(lacking)?))?)
    }

    /// Writes a file, and gives its path.
    fn write(&self, name: &str, contents: &[u8]) -> anyhow::Result<PathBuf> {
        let path = self.written.join(name);
        std::fs::write(&path, contents)?;
        Ok(path)
    }
}
