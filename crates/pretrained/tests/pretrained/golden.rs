//! Models that `golden/make.py` made, and what transformers computes with them.

use std::path::{Path, PathBuf};

use any2any_adapter::{Frames, Sequence};
use serde::Deserialize;

/// Every model.
pub(crate) const MODELS: [&str; 10] =
    ["bart", "gpt2", "m2m_100", "marian", "marian_apart", "mbart", "pegasus", "t5", "t5_gated", "whisper"];

/// What transformers computes.
#[derive(Deserialize)]
pub(crate) struct Golden {
    /// Sources of several lengths; none of a language model.
    pub(crate) sources: Vec<Value>,
    /// What the decoder is fed.
    pub(crate) targets: Vec<Vec<u32>>,
    /// Its answers, `[batch, target, vocabulary]`.
    pub(crate) logits: Vec<Vec<Vec<f32>>>,
    /// Sources, or beginnings, that are written from greedily.
    pub(crate) inputs: Vec<Value>,
    /// What is written.
    pub(crate) outputs: Vec<Vec<u32>>,
}

/// A sequence in JSON.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Value {
    Tokens(Vec<u32>),
    Frames(Vec<Vec<f32>>),
}

impl Value {
    pub(crate) fn sequence(&self) -> Sequence {
        match self {
            Self::Tokens(tokens) => Sequence::Tokens(tokens.clone()),
            Self::Frames(frames) => {
                Sequence::Frames(Frames::new(frames[0].len(), frames.concat()).expect("whole rows"))
            }
        }
    }
}

pub(crate) fn folder(model: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(model)
}

pub(crate) fn golden(model: &str) -> Golden {
    let text = std::fs::read(folder(model).join("golden.json")).expect("written by make.py");
    serde_json::from_slice(&text).expect("as make.py writes it")
}

/// A copy of a model that may be changed.
pub(crate) fn copy(model: &str) -> tempfile::TempDir {
    let copy = tempfile::tempdir().expect("a temporary folder");
    for entry in std::fs::read_dir(folder(model)).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name");
        std::fs::copy(&path, copy.path().join(name)).expect("a copy");
    }
    copy
}
