//! What only a forward pass without gradients needs: weights laid out once for many products, attention over
//! a past that is shared between hypotheses, and the best of a vocabulary without its row of logits.
//!
//! A row's result never depends on how many rows are computed with it: every sum is taken in an order that the
//! shape of the weights alone decides.

pub mod distance;
mod dot_products;
pub mod elementwise;
pub mod int8;
pub mod kv_cache;
pub mod memory;
pub mod packed;
pub mod ranking;
pub mod ssru;
pub mod weights;
