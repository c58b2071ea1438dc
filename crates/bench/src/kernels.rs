//! The time of single operations, fused and as compositions of primitives.

use std::time::Instant;

use any2any_experiment::spec;
use any2any_kernels::workloads::{
    BATCH, D_FF, D_MODEL, Form, HEADS, POSITIONS, VOCABULARY, Workload, workloads,
};
use any2any_run::device;
use any2any_train::TrainError;
use burn::tensor::Device;

use super::MatrixProduct;

/// What the operations of a tiny transformer take.
#[derive(Clone, Debug, serde::Serialize)]
pub struct KernelsReport {
    /// The backend.
    pub backend: &'static str,
    /// Threads of the CPU backend.
    pub threads: usize,
    /// The shape of all of them: batch, positions, d_model, d_ff, heads, vocabulary.
    pub shape: [usize; 6],
    /// Floating-point operations a second of one large matrix product.
    pub matrix_product_rate: f64,
    /// Each operation with its backward pass.
    pub kernels: Vec<KernelReport>,
}

/// What one operation takes.
#[derive(Clone, Debug, serde::Serialize)]
pub struct KernelReport {
    /// What is computed, forward and backward.
    pub name: &'static str,
    /// Seconds of what this backend runs: the median.
    pub seconds: f64,
    /// Seconds of the composition of primitives: the median, taken in turns with the other.
    pub primitive_seconds: f64,
    /// Floating-point operations a second of its matrix products; none without any.
    pub floating_point_operations_per_second: Option<f64>,
}

/// Measures every operation `repetitions` times, in both forms in turns.
///
/// # Errors
///
/// When the backend is not built in.
pub fn kernels(choice: &spec::Device, repetitions: usize) -> Result<KernelsReport, TrainError> {
    let device = device::device(choice)?;
    let kernels = workloads(&device).iter().map(|work| measured(work, &device, repetitions)).collect();
    Ok(KernelsReport {
        backend: super::training::backend(choice),
        threads: rayon::current_num_threads(),
        shape: [BATCH, POSITIONS, D_MODEL, D_FF, HEADS, VOCABULARY],
        matrix_product_rate: MatrixProduct { m: 1024, k: 1024, n: 1024 }.rate(&device),
        kernels,
    })
}

fn measured(work: &Workload, device: &Device, repetitions: usize) -> KernelReport {
    let once = |form| {
        let began = Instant::now();
        work.run(form);
        // A device that fails here fails in training too, where it is reported.
        let _ = device.sync();
        began.elapsed().as_secs_f64()
    };
    once(Form::Fused);
    once(Form::Primitives);
    let (mut fused, mut primitives): (Vec<f64>, Vec<f64>) =
        (0..repetitions.max(1)).map(|_| (once(Form::Fused), once(Form::Primitives))).unzip();
    let seconds = median(&mut fused);
    KernelReport {
        name: work.name,
        seconds,
        primitive_seconds: median(&mut primitives),
        floating_point_operations_per_second: (work.operations > 0.0).then(|| work.operations / seconds),
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
