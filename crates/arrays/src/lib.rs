//! Media of data that are prepared already: sequences of vectors, and sequences of ids, without any program of one's own.
//!
//! - [`Frames`] reads vectors, from NPY files or lines of numbers, as a signal with a channel for each column.
//! - [`Tokens`] reads ids that somebody else's tokenizer made, from lines of whole numbers or NPY files.

mod error;
mod frames;
mod numbers;
mod source;
mod tokens;

pub use error::ArrayError;
pub use frames::{Codes, Frames, FramesAdapter, FramesOptions, Output, Written};
pub use tokens::{Form, Ids, Tokens, TokensAdapter, TokensOptions};
