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
    /// The median rate of one large matrix product, in floating-point operations a second.
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
    /// What that is of the median rate of one large matrix product, measured in turns with it; `None` without any products.
    pub share_of_matrix_product_rate: Option<f64>,
}

/// Measures every operation of these sizes, none of which is 0, `repetitions` times, in both forms in turns.
///
/// # Errors
///
/// If the backend is not built in.
pub fn kernels(choice: &spec::Device, sizes: Sizes, repetitions: usize) -> Result<KernelsReport, TrainError> {
    let device = device::device(choice)?;
    let Sizes { batch, positions, d_model, d_ff, heads, vocabulary } = sizes;
    let product = MatrixProduct { m: 1024, k: 1024, n: 1024 };
    let run_product = product.runs(&device);
    let mut bench = Bench { device, product, run_product, products: Vec::new() };
    let works = workloads(sizes, &bench.device);
    let kernels = works.iter().map(|work| bench.measured(work, repetitions.max(1))).collect();
    Ok(KernelsReport {
        backend: super::training::backend(choice),
        threads: rayon::current_num_threads(),
        shape: [batch, positions, d_model, d_ff, heads, vocabulary],
        matrix_product_rate: product.operations() / median(&mut bench.products),
        kernels,
    })
}

/// What is measured on a device, beside a large product of matrices.
struct Bench<P> {
    device: Device,
    product: MatrixProduct,
    run_product: P,
    /// The seconds of all products.
    products: Vec<f64>,
}

impl<P: Fn() -> f64> Bench<P> {
    fn measured(&mut self, work: &Workload, repetitions: usize) -> KernelReport {
        let [mut fused, mut primitives, mut products] = [const { Vec::new() }; 3];
        for _ in 0..repetitions {
            fused.push(second_time(|| self.run(work, Form::Fused)));
            products.push(second_time(&self.run_product));
            primitives.push(second_time(|| self.run(work, Form::Primitives)));
        }
        self.products.extend(&products);
        let seconds = median(&mut fused);
        let rate = (work.operations > 0.0).then(|| work.operations / seconds);
        let of_product = self.product.operations() / median(&mut products);
        KernelReport {
            name: work.name,
            seconds,
            primitive_seconds: median(&mut primitives),
            floating_point_operations_per_second: rate,
            share_of_matrix_product_rate: rate.map(|rate| rate / of_product),
        }
    }

    fn run(&self, work: &Workload, form: Form) -> f64 {
        let began = Instant::now();
        work.run(form);
        // A device that fails here fails in training too, which reports it.
        let _ = self.device.sync();
        began.elapsed().as_secs_f64()
    }
}

/// The second of two times of an operation. As in a training, it finds the memory that it gave back itself; what another operation
/// gave back has other sizes, and the system would have to clear pages for it.
fn second_time(run: impl Fn() -> f64) -> f64 {
    run();
    run()
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
