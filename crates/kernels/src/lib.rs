//! Fused operations of the transformer, each with its own backward pass.
//!
//! On flex, the CPU backend, an operation here is one pass over memory where burn's primitives take many: the
//! arithmetic of [`host`] on slices, recorded as one step of burn's autodiff graph. On every other backend the
//! same function composes burn's primitives, which the tests compare the fused form with, too.
//!
//! Results do not depend on the number of threads: work is cut into pieces by its shape alone, and sums over
//! pieces are taken in their order.
//!
//! Shapes are written in the [axes](any2any_architecture#axes) of the architecture.
//!
//! Without the feature `burn`, which every backend brings, [`host`] stands alone.

pub mod host;
#[cfg(feature = "burn")]
mod ops;
#[cfg(feature = "burn")]
pub mod workloads;

pub use host::bfloat16::Order;
pub use host::dropout::Mask;
pub use host::products::Products;
pub use host::rotation::Rotation;
#[cfg(feature = "burn")]
pub use ops::{
    Adam, AdamState, AdditiveInputs, AttentionParameters, AttentionSettings, Branch, CellState,
    FeedForwardParameters, GradientListener, LstmOrder, LstmParameters, NormParameters, Operand, Outcome,
    SmoothedTargets, Visibility, activated, adam, add_positions, additive_attention, additive_weights,
    apply_rotary, attention, attention_weights, cross_entropy, cross_entropy_outcomes, dropout, embedding,
    feed_forward, gathered, layer_norm, listened, lstm, masked_softmax, primitive, recomputed,
    sum_of_squares,
};
