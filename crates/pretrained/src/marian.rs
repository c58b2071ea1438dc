//! Models of Marian (Junczys-Dowmunt et al. 2018) in its own files: `.npz`, or the binary format in which Bergamot's are
//! published, whose matrices may be stored in 8 bits. Their options are YAML text that stands among the tensors.

mod binary;
mod files;
mod npz;
mod options;
mod tensors;

use std::path::Path;

use any2any_architecture::Architecture;

use crate::assembly::Assembly;
use crate::config::{Config, open};
use crate::error::PretrainedError;
use crate::family::Family;
use crate::generation::TokenRoles;
use crate::pretrained::Pretrained;
use crate::safetensors::Checkpoint;

pub(crate) use files::Files;
pub use files::Vocabularies;

/// The name of the tensor that holds a model's options.
pub(crate) const OPTIONS: &str = "special:model.yml";

/// The most bytes of options, a hundred times those of any known.
const OPTIONS_BYTES: usize = 1 << 20;

/// Reads a model.
pub(crate) fn read(files: Files) -> Result<Pretrained, PretrainedError> {
    let (checkpoint, options) = open_model(&files.model)?;
    let config = Config::of(&files.model, yaml(&files.model, &options)?);
    let options = options::Options::read(&config)?;
    let architecture: Architecture = options.architecture(&config, &checkpoint)?;
    let mut assembly = Assembly::new(&checkpoint, &architecture);
    tensors::read(&mut assembly, &options, &architecture)?;
    let scales = assembly.take_scales();
    let (weights, parts) = assembly.finish()?;
    Ok(Pretrained {
        family: Family::Marian,
        architecture,
        weights,
        // Those of the vocabularies, which their own files know.
        tokens: TokenRoles::default(),
        decoding: files.decoding,
        positions: None,
        parts,
        scales,
        vocabularies: Some(files.vocabularies),
        shortlist: files.shortlist,
    })
}

/// The tensors of a file, and the text of its options.
fn open_model(path: &Path) -> Result<(Checkpoint, Vec<u8>), PretrainedError> {
    let file = open(path)?;
    match npz::recognises(path)? {
        true => npz::read(path, file),
        false => binary::read(path, file),
    }
}

/// The options of a YAML text, which is closed by a zero in binary files.
fn yaml(path: &Path, text: &[u8]) -> Result<serde_json::Map<String, serde_json::Value>, PretrainedError> {
    let damaged = |reason: String| PretrainedError::damaged(path, format!("its {OPTIONS}: {reason}"));
    let text = std::str::from_utf8(text).map_err(|error| damaged(error.to_string()))?;
    // A step of a sub-layer is called "n", which is a truth value in old YAML.
    let options = serde_yaml::options! { strict_booleans: true };
    match serde_yaml::from_str_with_options(text.trim_end_matches('\0'), options) {
        Ok(serde_json::Value::Object(options)) => Ok(options),
        Ok(_) => Err(damaged("it is no mapping".to_owned())),
        Err(error) => Err(damaged(error.to_string())),
    }
}
