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
pub mod workloads;

pub use host::dropout::Mask;
pub use host::rotation::Rotation;
pub use ops::attention::{
    AttentionParameters, AttentionShape, Visibility, attention, attention_weights, turn,
};
pub use ops::branch::{Branch, Norm};
pub use ops::cross_entropy::{Outcome, Targets, cross_entropy, cross_entropy_outcomes};
pub use ops::dropout::dropout;
pub use ops::embedding::{add_positions, embedding};
pub use ops::feed_forward::{Activation, FeedForwardParameters, feed_forward};
pub use ops::layer_norm::layer_norm;
pub use ops::lstm::{LstmOrder, LstmParameters, LstmState, additive_attention, additive_weights, lstm};
pub use ops::optimizer::{Adam, AdamState, adam, sum_of_squares};

/// The same operations as compositions of burn's primitives: what every backend but flex runs, and what the
/// fused forms are compared with.
pub mod primitive {
    pub use crate::ops::attention::primitive as attention;
    pub use crate::ops::cross_entropy::primitive as cross_entropy;
    pub use crate::ops::dropout::primitive as dropout;
    pub use crate::ops::embedding::{add_primitive as add_positions, primitive as embedding};
    pub use crate::ops::feed_forward::primitive as feed_forward;
    pub use crate::ops::layer_norm::primitive as layer_norm;
    pub use crate::ops::lstm::primitive as lstm;
    pub use crate::ops::optimizer::primitive as adam;
}
