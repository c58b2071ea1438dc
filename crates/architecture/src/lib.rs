//! The architecture of a model, as data: what a model is, without a weight and without a tensor library.
//!
//! An experiment resolves into an [`Architecture`]; checkpoints carry it. The model that trains, the engine that
//! decodes, the count of operations, descriptions and the figure of a model read it, and none of them knows another
//! source. [`Architecture::parameters`] is the one list of parameter names and shapes.
//!
//! The letters of shapes: `d_model` wide hidden states of a stack, `heads` of `d_head` each, `d_ff` inside a
//! feed-forward layer, `vocabulary` tokens.

mod activation;
mod architecture;
mod attention;
mod dropout;
mod families;
mod feed_forward;
mod former;
mod head;
mod initialization;
mod lstm;
pub mod names;
mod norm;
mod operations;
mod parameters;
mod positions;
mod stack;
mod stem;
mod transformer;

pub use activation::Activation;
pub use any2any_adapter::Convolution;
pub use architecture::{Architecture, ArchitectureError, Entry, Task};
pub use attention::Attention;
pub use dropout::DropoutRates;
pub use feed_forward::FeedForward;
pub use head::Head;
pub use initialization::{Gains, Initialization};
pub use lstm::{LstmAttention, LstmLayers};
pub use norm::{Norm, NormKind, NormPlacement};
pub use operations::BatchShape;
pub use parameters::Parameter;
pub use positions::{Positions, WaveLayout, alibi_slopes, relative_bucket, sinusoidal};
pub use stack::{Layers, Stack, StackKind};
pub use stem::Stem;
pub use transformer::{Mixer, TransformerLayers};
