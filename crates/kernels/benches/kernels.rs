//! Each fused operation, forward and with its backward pass, beside its composition of primitives, at the
//! shapes of a tiny transformer (4,096 positions, d_model 128, d_ff 256, 4 heads, 8,000 tokens).

#![allow(missing_docs)] // criterion_group writes a public function

use any2any_kernels::{
    Activation, Adam, AdamState, AttentionParameters, AttentionShape, Branch, FeedForwardParameters,
    LstmOrder, LstmParameters, LstmState, Mask, Norm, Targets, Visibility, adam, add_positions, attention,
    cross_entropy, dropout, embedding, feed_forward, layer_norm, lstm, primitive,
};
use burn::tensor::{Device, Int, Tensor, TensorData};
use criterion::{Criterion, criterion_group, criterion_main};

/// The allocator of the finished program. Its pages stay mapped with `MIMALLOC_PURGE_DELAY=-1`, as they do there.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BATCH: usize = 256;
const POSITIONS: usize = 16;
const D_MODEL: usize = 128;
const D_FF: usize = 256;
const HEADS: usize = 4;
const VOCABULARY: usize = 8000;

fn tensor<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    let count: usize = shape.iter().product();
    let values: Vec<f32> = (0..count).map(|at| ((at * 7919) % 2003) as f32 / 10_000.0 - 0.1).collect();
    Tensor::from_data(TensorData::new(values, shape), device).require_grad()
}

fn linear(inputs: usize, outputs: usize, device: &Device) -> (Tensor<2>, Tensor<1>) {
    (tensor([inputs, outputs], device), tensor([outputs], device))
}

fn branch(device: &Device) -> Branch {
    let norm = Norm { gain: tensor([D_MODEL], device), bias: tensor([D_MODEL], device) };
    Branch { norm: Some(norm), carry: 1.0, mask: Some(Mask::new(0.3, 1)) }
}

/// Measures an operation that gives a tensor, fused and plain, forward alone and with the backward pass.
fn both<const D: usize>(
    criterion: &mut Criterion,
    name: &str,
    fused: impl Fn() -> Tensor<D>,
    plain: impl Fn() -> Tensor<D>,
) {
    let mut group = criterion.benchmark_group(name);
    group.sample_size(10);
    group.bench_function("fused, forward", |bencher| bencher.iter(|| fused().dims()));
    group.bench_function("fused, forward and backward", |bencher| bencher.iter(|| fused().backward()));
    group.bench_function("primitives, forward and backward", |bencher| bencher.iter(|| plain().backward()));
    group.finish();
}

fn kernels(criterion: &mut Criterion) {
    let device = Device::flex().autodiff();
    let stream = tensor([BATCH, POSITIONS, D_MODEL], &device);
    let memory = tensor([BATCH, POSITIONS, D_MODEL], &device);
    let parameters = AttentionParameters {
        query: linear(D_MODEL, D_MODEL, &device),
        key: linear(D_MODEL, D_MODEL, &device),
        value: linear(D_MODEL, D_MODEL, &device),
        output: linear(D_MODEL, D_MODEL, &device),
    };
    let around = branch(&device);
    let shape = |causal| AttentionShape {
        heads: HEADS,
        visibility: Visibility { causal, ..Visibility::default() },
        rotation: None,
        mask: Some(Mask::new(0.3, 2)),
    };
    for (name, memory, causal) in
        [("attention to itself", None, true), ("attention to another", Some(memory), false)]
    {
        both(
            criterion,
            name,
            || attention(stream.clone(), memory.clone(), parameters.clone(), &around, shape(causal)),
            || {
                primitive::attention(
                    stream.clone(),
                    memory.clone(),
                    parameters.clone(),
                    &around,
                    shape(causal),
                )
            },
        );
    }

    let forward = || FeedForwardParameters {
        inner: linear(D_MODEL, D_FF, &device),
        gate: None,
        outer: linear(D_FF, D_MODEL, &device),
    };
    let mask = Some(Mask::new(0.3, 3));
    both(
        criterion,
        "feed-forward",
        || feed_forward(stream.clone(), forward(), &around, Activation::Relu, mask),
        || primitive::feed_forward(stream.clone(), forward(), &around, Activation::Relu, mask),
    );

    let (gain, bias) = (tensor([D_MODEL], &device), tensor([D_MODEL], &device));
    both(
        criterion,
        "layer norm",
        || layer_norm(stream.clone(), gain.clone(), bias.clone()),
        || primitive::layer_norm(stream.clone(), gain.clone(), bias.clone()),
    );
    both(criterion, "dropout", || dropout(stream.clone(), mask), || primitive::dropout(stream.clone(), mask));

    let table = tensor([VOCABULARY, D_MODEL], &device);
    let tokens: Vec<u32> = (0..BATCH * POSITIONS).map(|at| (1 + at * 31 % (VOCABULARY - 1)) as u32).collect();
    let indices: Vec<i32> = tokens.iter().map(|&token| token as i32).collect();
    let indices = Tensor::<2, Int>::from_data(TensorData::new(indices, [BATCH, POSITIONS]), &device);
    both(
        criterion,
        "embedding",
        || embedding(table.clone(), indices.clone(), 11.3),
        || primitive::embedding(table.clone(), indices.clone(), 11.3),
    );
    let places = tensor([POSITIONS, D_MODEL], &device);
    both(
        criterion,
        "positions and dropout",
        || add_positions(stream.clone(), places.clone(), mask),
        || primitive::add_positions(stream.clone(), places.clone(), mask),
    );
    let hidden = tensor([BATCH * POSITIONS, D_MODEL], &device);
    let targets = Targets { tokens: &tokens, padding: 0, label_smoothing: 0.1 };
    both(
        criterion,
        "cross entropy",
        || cross_entropy(hidden.clone(), table.clone(), targets, 1.0).1,
        || primitive::cross_entropy(hidden.clone(), table.clone(), targets, 1.0).1,
    );

    let first =
        || LstmState { hidden: tensor([BATCH, D_MODEL], &device), cell: tensor([BATCH, D_MODEL], &device) };
    let cell = LstmParameters {
        input: linear(D_MODEL, 4 * D_MODEL, &device),
        hidden: linear(D_MODEL, 4 * D_MODEL, &device),
    };
    both(
        criterion,
        "LSTM",
        || lstm(stream.clone(), first(), cell.clone(), LstmOrder::default()),
        || primitive::lstm(stream.clone(), first(), cell.clone(), LstmOrder::default()),
    );

    let parameter = tensor([VOCABULARY * D_MODEL], &device).inner();
    let state = AdamState { value: parameter.clone(), mean: parameter.clone(), square: parameter.clone() };
    let settings =
        Adam { beta_1: 0.9, beta_2: 0.98, epsilon: 1e-9, decay: 0.0, rate: 1e-3, scale: 1.0, step: 5 };
    let mut group = criterion.benchmark_group("Adam");
    group.sample_size(10);
    group
        .bench_function("fused", |bencher| bencher.iter(|| adam(state.clone(), parameter.clone(), settings)));
    group.bench_function("primitives", |bencher| {
        bencher.iter(|| primitive::adam(state.clone(), parameter.clone(), settings));
    });
    group.finish();
}

criterion_group!(benches, kernels);
criterion_main!(benches);
