//! Kernel bench: single operations, fused and as compositions of primitives.

use std::time::Instant;

use any2any_experiment::spec;
use any2any_kernels::workloads::{Form, Workload, workloads};
use any2any_run::device;
use any2any_train::TrainError;
use burn::tensor::Device;

use super::MatrixProduct;

pub use any2any_kernels::workloads::Sizes;

/// The result of a kernel bench.
#[derive(Clone, Debug, serde::Serialize)]
#[non_exhaustive]
pub struct KernelsReport {
    /// The backend.
    pub backend: &'static str,
    /// The number of CPU threads.
    pub threads: usize,
    /// The sizes of all operations: batch, positions, d_model, d_ff, heads, vocabulary.
    pub shape: [usize; 6],
    /// The rate of one large matrix product, in floating-point operations a second.
    pub matrix_product_rate: f64,
    /// The results of the operations, each with its backward pass.
    pub kernels: Vec<KernelReport>,
}

/// The times of one operation.
#[derive(Clone, Debug, serde::Serialize)]
#[non_exhaustive]
pub struct KernelReport {
    /// The operation's name.
    pub name: &'static str,
    /// The median time of the backend's own form, in seconds.
    pub seconds: f64,
    /// The median time of the composition of primitives, in seconds, measured in turns with the other.
    pub primitive_seconds: f64,
    /// The rate of its matrix products, in floating-point operations a second; `None` without any.
    pub floating_point_operations_per_second: Option<f64>,
}

/// Measures every operation of these sizes, none of which is 0, `repetitions` times, in both forms in turns.
///
/// # Errors
///
/// If the backend is not built in.
pub fn kernels(choice: &spec::Device, sizes: Sizes, repetitions: usize) -> Result<KernelsReport, TrainError> {
    let device = device::device(choice)?;
    let Sizes { batch, positions, d_model, d_ff, heads, vocabulary } = sizes;
    let kernels = workloads(sizes, &device).iter().map(|work| measured(work, &device, repetitions)).collect();
    Ok(KernelsReport {
        backend: super::training::backend(choice),
        threads: rayon::current_num_threads(),
        shape: [batch, positions, d_model, d_ff, heads, vocabulary],
        matrix_product_rate: MatrixProduct { m: 1024, k: 1024, n: 1024 }.rate(&device),
        kernels,
    })
}

fn measured(work: &Workload, device: &Device, repetitions: usize) -> KernelReport {
    let once = |form| {
        let began = Instant::now();
        work.run(form);
        // A device that fails here fails in training too, which reports it.
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
