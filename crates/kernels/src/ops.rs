//! The operations on tensors: the fused form on flex, a composition of burn's primitives elsewhere.

mod attention;
mod branch;
mod cross_entropy;
mod dropout;
mod embedding;
mod feed_forward;
#[cfg(feature = "flex")]
mod fused;
mod layer_norm;
mod linear;
mod lstm;
mod masked_softmax;
mod optimizer;
mod recompute;
#[cfg(all(test, feature = "flex"))]
mod tests;

pub use attention::{
    AttentionParameters, AttentionSettings, Visibility, apply_rotary, attention, attention_weights,
};
pub use branch::{Branch, NormParameters};
pub use cross_entropy::{Outcome, SmoothedTargets, cross_entropy, cross_entropy_outcomes};
pub use dropout::dropout;
pub use embedding::{add_positions, embedding};
pub use feed_forward::{FeedForwardParameters, activated, feed_forward};
pub use layer_norm::layer_norm;
pub use lstm::{
    AdditiveInputs, CellState, LstmOrder, LstmParameters, additive_attention, additive_weights, lstm,
};
pub use masked_softmax::masked_softmax;
pub use optimizer::{Adam, AdamState, adam, sum_of_squares};
pub use recompute::{GradientListener, Operand, gathered, listened, recomputed};

/// The operations as compositions of burn's primitives, which every backend but flex runs, and which tests compare the
/// fused forms with.
pub mod primitive {
    pub use super::attention::primitive as attention;
    pub use super::cross_entropy::primitive as cross_entropy;
    pub use super::dropout::primitive as dropout;
    pub use super::embedding::{add_primitive as add_positions, primitive as embedding};
    pub use super::feed_forward::primitive as feed_forward;
    pub use super::layer_norm::primitive as layer_norm;
    pub use super::lstm::primitive as lstm;
    pub use super::optimizer::primitive as adam;
}
