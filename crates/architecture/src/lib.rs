//! The architecture of a model, as data: its parts and sizes, without a weight and without a tensor library.
//!
//! An experiment resolves into an [`Architecture`]; checkpoints carry it. The model that trains, the engine that
//! decodes, the count of operations, descriptions and the figure of a model read it, and none of them knows another
//! source. [`Architecture::parameters`] is the one list of parameter names and shapes.
//!
//! # Axes
//!
//! Shapes in docs, here and in the crates of kernels, model and inference, are made of these axes, the slowest first;
//! slices hold them in row-major order.
//!
//! | axis | meaning |
//! | --- | --- |
//! | `batch` | sequences beside one another |
//! | `source`, `target` | positions of the encoder, positions of the decoder |
//! | `positions` | positions of a sequence, on either side |
//! | `queries`, `keys` | positions that attend, positions that are attended to |
//! | `rows` | positions of all sequences one after the other, or hypotheses, one position each |
//! | `frames` | frames of a sequence before its stem |
//! | `d_model` | the width of hidden states of a stack |
//! | `d_encoder` | the width of the encoder's output, where a decoder reads it |
//! | `d_keys` | the width of the states that keys and values are projected from: `d_model` of self-attention, `d_encoder` of cross-attention |
//! | `heads`, `d_head` | the heads of an attention, and the width of one; all together are `heads * d_head` wide |
//! | `d_ff` | the inner width of a feed-forward layer |
//! | `d_input`, `d_output` | the widths of the input and of the output of one map or cell |
//! | `width` | the width of a frame, or of the state of a recurrent cell |
//! | `vocabulary` | tokens |
//! | `buckets`, `distances` | buckets of distances, distances from a query to a key |
//! | `n` | the values of one slice |
//! | `..` | any axes |
//!
//! A stride, a number of panels or a width that one file alone knows is named where it stands.

mod activation;
mod activations;
mod architecture;
mod attention;
mod block;
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
mod parts;
mod positions;
mod stack;
mod stem;
mod transformer;

pub use activation::Activation;
pub use activations::Activations;
pub use any2any_adapter::Convolution;
pub use architecture::{Architecture, ArchitectureError, Entry, TaskParts};
pub use attention::Attention;
pub use block::{Block, BlockWeight, Start};
pub use dropout::DropoutRates;
pub use feed_forward::FeedForward;
pub use head::Head;
pub use initialization::{Gains, Initialization};
pub use lstm::{LstmAttention, LstmLayers};
pub use norm::{Norm, NormKind, NormPlacement};
pub use operations::BatchShape;
pub use parameters::Parameter;
pub use parts::belongs_to;
pub use positions::{Positions, WaveLayout, alibi_slopes, learned_row, relative_bucket, sinusoidal};
pub use stack::{Layers, Stack, StackKind};
pub use stem::{Stem, convolved_positions};
pub use transformer::{Mixer, TransformerLayers};
