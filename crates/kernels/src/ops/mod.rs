//! The operations on tensors: the fused form on flex, a composition of burn's primitives elsewhere.

pub(crate) mod attention;
pub(crate) mod branch;
pub(crate) mod cross_entropy;
pub(crate) mod dropout;
pub(crate) mod embedding;
pub(crate) mod feed_forward;
#[cfg(feature = "flex")]
mod fused;
pub(crate) mod layer_norm;
pub(crate) mod lstm;
pub(crate) mod optimizer;
#[cfg(all(test, feature = "flex"))]
mod tests;
