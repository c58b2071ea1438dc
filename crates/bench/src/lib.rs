//! How fast training and search are here, and where the time goes: what `any2any bench` measures.
//!
//! Nothing is simulated: the steps are those of a training, the searches those of a translation. Every rate
//! counts what stands in the data, so padding never makes a figure larger.

mod cut;
mod decoding;
mod encoding;
mod kernels;
mod matrix_product;
mod memory;
mod training;

pub use any2any_architecture::BatchShape;
pub use decoding::{Batching, DecodingBench, DecodingReport, Latency, untrained};
pub use encoding::{EncoderBench, EncoderReport};
pub use kernels::{KernelReport, KernelsReport, kernels};
pub use matrix_product::MatrixProduct;
pub use memory::peak_resident_bytes;
pub use training::{PaddingShare, PhaseSeconds, ProductRate, TrainingBench, TrainingReport};
