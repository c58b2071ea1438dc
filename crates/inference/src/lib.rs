//! Decoding on the CPU with transformers that are trained.
//!
//! Nothing here learns, so nothing is recorded: an [`Engine`] holds a model's weights in the order in which
//! products read them, and a [`EngineStepper`] writes with them, a row a hypothesis, on plain slices.
//!
//! - Sources are encoded without padding, one after the other in the same rows.
//! - Keys and values of a source are projected once and stand once, however many hypotheses read them.
//! - Keys and values of written positions stay where they were computed; hypotheses know which of them are
//!   theirs, so that following, doubling and dropping one copies nothing.
//! - Search is told the best tokens and the softmax's sum; rows of logits exist a piece at a time.
//!
//! A row is written bit for bit as it would be without the rows beside it, at any number of threads.
//!
//! Shapes are written in the [axes](any2any_architecture#axes) of the architecture.

mod attention;
mod buffers;
mod convolution;
mod decoder;
mod encoder;
mod ends;
mod engine;
mod error;
mod feed_forward;
mod listed;
mod look;
mod normalization;
mod parameters;
mod position_encoding;
mod residual;
mod shortlist;
mod ssru;
mod stem;
mod stepper;

pub use any2any_kernels::host::decode::int8::ProductScales;
pub use any2any_kernels::host::decode::quantized::Quantized;
pub use any2any_kernels::host::decode::weights::Precision;
pub use engine::Engine;
pub use error::EngineError;
pub use look::{Ablations, AttentionWeights, Look, Place};
pub use parameters::{Parameter, Parameters};
pub use shortlist::{Shortlist, ShortlistError};
pub use stepper::EngineStepper;
