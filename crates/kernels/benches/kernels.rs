//! Each fused operation with its backward pass, beside its composition of primitives.

#![allow(missing_docs)] // criterion_group writes a public function

use any2any_kernels::workloads::{Form, Sizes, workloads};
use burn::tensor::Device;
use criterion::{Criterion, criterion_group, criterion_main};

/// The allocator of the finished program. Its pages stay mapped with `MIMALLOC_PURGE_DELAY=-1`, as they do there.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn kernels(criterion: &mut Criterion) {
    for workload in workloads(Sizes::default(), &Device::flex()) {
        let mut group = criterion.benchmark_group(workload.name);
        group.sample_size(10);
        group.bench_function("fused", |bencher| bencher.iter(|| workload.run(Form::Fused)));
        group.bench_function("primitives", |bencher| bencher.iter(|| workload.run(Form::Primitives)));
        group.finish();
    }
}

criterion_group!(benches, kernels);
criterion_main!(benches);
