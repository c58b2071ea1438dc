//! The arithmetic, on slices of 32-bit floats in row-major order, without burn.
//!
//! Loops are written plainly and compiled for the widest vector registers that the processor has
//! (`simd::vectorized`); matrix products of any size go through [`matrix`].

pub mod activation;
pub mod adam;
pub mod attention;
pub mod attention_layer;
pub mod blocks;
pub mod cross_entropy;
pub mod decode;
pub mod dropout;
pub mod embedding;
pub mod feed_forward;
pub mod layer_norm;
pub mod lstm;
pub mod matrix;
pub mod rotation;
pub mod rows;
pub mod simd;
