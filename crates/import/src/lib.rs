//! Runs from models that were trained elsewhere.
//!
//! [`Imported::read`] puts together what [`any2any_pretrained`] reads and what a run needs beside it: the options of its
//! media, its tokenizers, its prompts and its decoding, as an experiment. [`Imported::write`] makes a run folder of it.
//! [`Imports`] does both where a training starts from such a model.

mod error;
mod imported;
mod imports;
mod pictures;
mod prompts;
pub mod speech;
mod tables;
mod tokenizers;

pub use error::ImportError;
pub use imported::{Imported, Options};
pub use imports::Imports;
pub use tokenizers::LANGUAGES_OF_M2M100;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
