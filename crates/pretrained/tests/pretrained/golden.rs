//! Models that `golden/make.py` made, and what transformers computes with them.

use std::path::{Path, PathBuf};

use any2any_adapter::{Frames, Sequence};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::Deserialize;

/// Every model.
pub(crate) const MODELS: [&str; 14] = [
    "bart",
    "gpt2",
    "m2m_100",
    "marian",
    "marian_apart",
    "mbart",
    "pegasus",
    "t5",
    "t5_gated",
    "vision_gpt2",
    "vision_mbart",
    "vision_trocr",
    "vision_trocr_sines",
    "whisper",
];

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

/// A tensor of a file.
pub(crate) struct Stored {
    pub(crate) name: String,
    pub(crate) dtype: Dtype,
    pub(crate) shape: Vec<usize>,
    pub(crate) bytes: Vec<u8>,
}

impl Stored {
    /// A tensor whose 32-bit floats are all of one value.
    pub(crate) fn filled(name: &str, shape: &[usize], value: f32) -> Self {
        let bytes = value.to_le_bytes().repeat(shape.iter().product());
        Self { name: name.to_owned(), dtype: Dtype::F32, shape: shape.to_vec(), bytes }
    }
}

/// Changes the tensors of a file.
pub(crate) fn rewrite(path: &Path, change: impl FnOnce(&mut Vec<Stored>)) {
    let bytes = std::fs::read(path).expect("a file of tensors");
    let file = SafeTensors::deserialize(&bytes).expect("a file of tensors");
    let stored = |(name, view): (String, TensorView<'_>)| Stored {
        name,
        dtype: view.dtype(),
        shape: view.shape().to_vec(),
        bytes: view.data().to_vec(),
    };
    let mut tensors: Vec<Stored> = file.tensors().into_iter().map(stored).collect();
    change(&mut tensors);
    let views = tensors.iter().map(|Stored { name, dtype, shape, bytes }| {
        (name, TensorView::new(*dtype, shape.clone(), bytes).expect("its shape"))
    });
    std::fs::write(path, safetensors::serialize(views, None).expect("tensors")).expect("written");
}

/// Changes options of a file of options; null takes one away.
pub(crate) fn set_options(path: &Path, options: &serde_json::Value) {
    let text = std::fs::read(path).expect("options");
    let mut all: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(&text).expect("an object");
    for (option, value) in options.as_object().expect("an object") {
        match value.is_null() {
            true => drop(all.remove(option)),
            false => drop(all.insert(option.clone(), value.clone())),
        }
    }
    std::fs::write(path, serde_json::Value::Object(all).to_string()).expect("written");
}
