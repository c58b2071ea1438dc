//! Tokenizers of a model from elsewhere, as options of the text medium.

mod bytes;
mod decoders;
mod marian;
mod sentencepiece;

pub use sentencepiece::LANGUAGES_OF_M2M100;
mod whisper;

use std::path::{Path, PathBuf};

use any2any_pretrained::{Family, TokenRoles, Vocabularies};
use any2any_text::read_tokenizer_file;
use serde_json::{Value as Json, json};

use crate::error::{ImportError, Result};

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
    pub(super) fn of(family: Family, folders: &Folders<'_>, tokens: &TokenRoles) -> Result<Self> {
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
            other => Err(ImportError::of(folders.model, format!("the tokenizer of {other} is not known"))),
        }
    }

    /// The tokenizers of Marian's own files.
    pub(super) fn of_vocabularies(vocabularies: &Vocabularies, folders: &Folders<'_>) -> Result<Self> {
        marian::of_vocabularies(vocabularies, folders)
    }

    /// One tokenizer of both sides.
    fn shared(mut file: Json) -> Self {
        file["shared"] = json!(true);
        Self { source: Some(file.clone()), target: file, adds_padding: false, notes: Vec::new() }
    }
}

impl Folders<'_> {
    /// The model's folder, also where the source is the file of its weights.
    pub(super) fn origin(&self) -> Result<PathBuf> {
        let folder = if self.model.is_dir() { Some(self.model) } else { self.model.parent() };
        absolute(folder.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")))
    }

    fn has(&self, name: &str) -> bool {
        self.model.join(name).is_file()
    }

    /// Reads a file of the model.
    fn read(&self, name: &str) -> Result<Vec<u8>> {
        let path = self.model.join(name);
        read_tokenizer_file(&path).map_err(|reason| ImportError::of(path, reason))
    }

    /// Reads a JSON file of the model; null where there is none.
    pub(super) fn read_json(&self, name: &str) -> Result<Json> {
        if !self.has(name) {
            return Ok(Json::Null);
        }
        serde_json::from_slice(&self.read(name)?)
            .map_err(|error| self.wrong(name, format!("no JSON: {error}")))
    }

    /// The error of a file of the model.
    fn wrong(&self, name: &str, reason: impl std::fmt::Display) -> ImportError {
        ImportError::of(self.model.join(name), reason)
    }

    /// The first of some files that is there, as an absolute path.
    fn found(&self, names: &[&str]) -> Result<PathBuf> {
        let name = names.iter().find(|name| self.has(name));
        let lacking = || ImportError::of(self.model, format!("there is no {}", names.join(", and no ")));
        absolute(&self.model.join(name.ok_or_else(lacking)?))
    }

    /// Writes a file, and gives its path.
    fn write(&self, name: &str, contents: &[u8]) -> Result<PathBuf> {
        let path = self.written.join(name);
        std::fs::write(&path, contents).map_err(ImportError::io(&path))?;
        Ok(path)
    }
}

/// A path that does not depend on the folder in which a program runs.
fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(ImportError::io(path))
}
