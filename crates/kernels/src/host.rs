//! The arithmetic, on slices of 32-bit floats in row-major order, without burn.
//!
//! [`train`] holds the operations with a backward pass, [`decode`] those of inference; beside them stand the parts
//! that both are made of. Loops are written plainly and compiled for the widest vector registers that the processor
//! has (`simd::vectorized`); matrix products of layers and of the loss go through [`products`], others through [`matrix`].

pub mod activation;
pub mod bfloat16;
pub mod blocks;
pub mod decode;
pub mod dropout;
pub mod float32;
pub mod head_rows;
pub mod layer_norm;
mod lines;
pub mod matrix;
pub mod products;
pub mod rotation;
pub mod rows;
pub mod simd;
pub mod train;
