//! Benchmarks of `any2any bench`: the speed of training, decoding and single operations on this machine.
//!
//! Nothing is simulated: the steps are those of a training, the searches those of a translation. Every rate counts data
//! alone, so padding never makes a figure larger.

mod cut;
mod decoding;
mod encoding;
mod kernels;
mod matrix_product;
mod memory;
mod plan;
mod processor_time;
mod training;

pub use any2any_architecture::BatchShape;
pub use decoding::{Batching, DecodingBench, DecodingReport, Latency, untrained};
pub use encoding::{EncoderBench, EncoderReport};
pub use kernels::{KernelReport, KernelsReport, Sizes, kernels};
pub use matrix_product::MatrixProduct;
pub use memory::peak_resident_bytes;
pub use plan::{
    ActivationBytes, DurationPlan, EpochPlan, MeasuredSteps, MemoryPlan, OperationPlan, ParameterPlan, Part,
    Plan,
};
pub use processor_time::processor_seconds;
pub use training::{PaddingShare, PhaseSeconds, ProductRate, TrainingBench, TrainingReport};
