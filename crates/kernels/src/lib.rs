//! Fused operations of the transformer, each with its own backward pass.
//!
//! On flex, the CPU backend, an operation here is one pass over memory where burn's primitives take many: the
//! arithmetic of [`host`] on slices, recorded as one step of burn's autodiff graph. On every other backend the
//! same function composes burn's primitives, which is also what the tests compare the fused form with.
//!
//! Results do not depend on the number of threads: work is cut into pieces by its shape alone, and sums over
//! pieces are taken in their order.

pub mod host;
mod ops;

pub use host::dropout::Mask;
pub use ops::attention::{AttentionParameters, AttentionShape, Visibility, attention, attention_weights};
pub use ops::branch::{Branch, Norm};
pub use ops::cross_entropy::{Outcome, Targets, cross_entropy, cross_entropy_outcomes};
pub use ops::dropout::dropout;
pub use ops::embedding::{add_positions, embedding};
pub use ops::feed_forward::{Activation, FeedForwardParameters, feed_forward};
pub use ops::layer_norm::layer_norm;
pub use ops::lstm::{LstmOrder, LstmParameters, LstmState, additive_attention, additive_weights, lstm};
pub use ops::optimizer::{Adam, AdamState, adam, sum_of_squares};
