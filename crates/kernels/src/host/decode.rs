//! Operations that decoding alone needs, without gradients: weights laid out once for many products, attention over
//! a cache that hypotheses share, and the best of a vocabulary without its row of logits.
//!
//! A row's result never depends on how many rows are computed with it: every sum is taken in an order that the
//! shape of the weights alone decides.

pub mod distance;
mod dot_products;
pub mod elementwise;
pub mod int8;
pub mod key_values;
pub mod kv_cache;
pub mod look;
pub mod packed;
pub mod quantized;
pub mod ranking;
mod shifted;
pub mod ssru;
pub mod weights;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub use dot_products::simd128::{LentProducts, lend_products};
