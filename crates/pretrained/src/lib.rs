//! Models that were trained elsewhere, in our words.
//!
//! [`read`] turns a folder in Hugging Face's layout (`config.json`, `generation_config.json`, `model.safetensors` or its
//! shards, or else `pytorch_model.bin` or its shards), a Whisper in CTranslate2's (`config.json`, `model.bin`, a vocabulary),
//! or a model of Marian (`.npz` or `.bin`) beside its vocabulary, into a [`Pretrained`]: an
//! [`Architecture`](any2any_architecture::Architecture), weights by its names of parameters, the roles of tokens, and the
//! defaults of decoding. Nothing is executed and nothing is guessed:
//!
//! - An option that an architecture cannot say is refused by its name.
//! - Each tensor of the files is a weight, or is left out for a stated reason ([`LeftOut`]); one more, one less, or one
//!   of another shape is an error that names it.
//! - A `pytorch_model.bin` is read as data: a pickle that asks for more than tensors is refused by the name of what it would
//!   call.
//! - Files are of strangers: headers are bounded, offsets and shapes are checked before memory is allocated for them.
//!
//! Papers of the families stand in `families/`.

mod assembly;
mod config;
mod ctranslate2;
mod error;
pub mod export;
mod families;
mod family;
mod generation;
mod mapping;
mod marian;
mod orientation;
mod pickled;
mod pretrained;
mod safetensors;
mod tables;
mod values;

pub use error::PretrainedError;
pub use family::Family;
pub use generation::{EarlyStopping, GenerationDefaults, TokenRoles};
pub use marian::Vocabularies;
pub use pretrained::{LeftOut, Part, Pretrained, Scales, Tensor, read, recognises};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
