//! Shared parts of the media of frames: normalisation, codebooks, convolutional stems and their regions, files of arrays.
//!
//! - [`Normalization`] brings frames to mean 0 and deviation 1, as measured on the training split.
//! - A [`Codebook`] is a vocabulary of frames, learned by k-means on the training split: it lets a picture or
//!   a sound be written as tokens, like a text. [`CodeTokens`] puts its codes beside the special tokens.
//! - A [`StemOptions`] is the options of the frames' entrance into the model; [`merged`], [`seen`] and
//!   [`behind_class_tokens`] give the regions of the positions that it makes of them.
//! - An [`Npy`] is an array of a file of NumPy, read; [`npy_of_floats`] and [`npy_of_ids`] write one.

mod codebook;
mod normalization;
mod npy;
mod regions;
mod stem;
mod tokens;

pub use codebook::Codebook;
pub use normalization::Normalization;
pub use npy::{NPY_MAGIC, Npy, npy_of_floats, npy_of_ids};
pub use regions::{behind_class_tokens, merged, seen};
pub use stem::{ClassTokens, Convolutions, Layer, StemOptions};
pub use tokens::CodeTokens;

use std::path::Path;

use any2any_adapter::{AdapterError, state};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Writes a part of an adapter's state as JSON, under a name in the folder of the state.
///
/// # Errors
///
/// When the file cannot be written.
pub fn save(folder: &Path, name: &str, state: &impl Serialize) -> Result<(), AdapterError> {
    let path = folder.join(name);
    let broken = |reason: String| AdapterError::File { path: path.clone(), reason };
    let json = serde_json::to_vec(state).map_err(|error| broken(error.to_string()))?;
    std::fs::write(&path, json).map_err(|error| broken(format!("cannot be written: {error}")))
}

/// Reads a part that [`save`] wrote.
///
/// # Errors
///
/// When the file is missing or broken.
pub fn load<T: DeserializeOwned>(folder: &Path, name: &str) -> Result<T, AdapterError> {
    let path = folder.join(name);
    let broken = |reason: String| AdapterError::File { path: path.clone(), reason };
    let json = state::read(&path).map_err(|error| broken(format!("cannot be read: {error}")))?;
    serde_json::from_slice(&json).map_err(|error| broken(error.to_string()))
}
