//! One piece of work for each operation, at the shapes of a tiny transformer, for benches.

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::{
    Adam, AdamState, AttentionParameters, AttentionSettings, Branch, CellState, FeedForwardParameters,
    LstmOrder, LstmParameters, Mask, NormParameters, Products, SmoothedTargets, Visibility, adam,
    add_positions, attention, cross_entropy, dropout, embedding, feed_forward, layer_norm, lstm, primitive,
};
use any2any_architecture::{Activation, Attention};

/// Sequences.
pub const BATCH: usize = 256;
/// Positions of each.
pub const POSITIONS: usize = 16;
/// The width of a position.
pub const D_MODEL: usize = 128;
/// The width inside the feed-forward layer.
pub const D_FF: usize = 256;
/// Attention heads.
pub const HEADS: usize = 4;
/// Tokens.
pub const VOCABULARY: usize = 8000;

/// The form of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The form that the backend runs: fused on flex.
    Fused,
    /// The composition of primitives.
    Primitives,
}

/// An operation with its backward pass, on data that is made before.
pub struct Workload {
    /// The name of the operation.
    pub name: &'static str,
    /// Floating-point operations of its matrix products, forward and backward; 0 when it has none.
    pub operations: f64,
    work: Box<dyn Fn(Form)>,
}

impl Workload {
    /// Computes it once.
    pub fn run(&self, form: Form) {
        (self.work)(form);
    }

    fn new<const D: usize>(
        name: &'static str,
        multiplications: usize,
        output: impl Fn(Form) -> Tensor<D> + 'static,
    ) -> Self {
        let work = move |form| {
            output(form).backward();
        };
        // A multiplication and an addition forward, and twice that backward.
        Self { name, operations: 6.0 * multiplications as f64, work: Box::new(work) }
    }
}

fn tensor<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    let count: usize = shape.iter().product();
    let values: Vec<f32> = (0..count).map(|at| ((at * 7919) % 2003) as f32 / 10_000.0 - 0.1).collect();
    Tensor::from_data(TensorData::new(values, shape), device).require_grad()
}

fn linear(inputs: usize, outputs: usize, device: &Device) -> (Tensor<2>, Tensor<1>) {
    (tensor([inputs, outputs], device), tensor([outputs], device))
}

/// The pieces of work on a device without autodiff, which they turn on.
pub fn workloads(device: &Device) -> Vec<Workload> {
    let device = device.clone().autodiff();
    let mut all = attentions(&device);
    all.push(feed_forwards(&device));
    all.extend(element_wise(&device));
    all.push(losses(&device));
    all.push(recurrence(&device));
    all.push(updates(&device));
    all
}

fn branch(device: &Device) -> Branch {
    let norm = NormParameters::layer(tensor([D_MODEL], device), tensor([D_MODEL], device));
    Branch {
        norm: Some(norm),
        residual_scale: 1.0,
        mask: Some(Mask::new(0.3, 1)),
        products: Products::Float32,
    }
}

fn stream(device: &Device) -> Tensor<3> {
    tensor([BATCH, POSITIONS, D_MODEL], device)
}

fn attentions(device: &Device) -> Vec<Workload> {
    let square = || linear(D_MODEL, D_MODEL, device);
    let parameters =
        AttentionParameters { query: square(), key: square(), value: square(), output: square() };
    let rows = BATCH * POSITIONS;
    let multiplications = 4 * rows * D_MODEL * D_MODEL + 2 * rows * POSITIONS * D_MODEL;
    let of = |name, attended: Option<Tensor<3>>, causal| {
        let shape = AttentionSettings {
            attention: Attention::new(D_MODEL, HEADS),
            visibility: Visibility { causal, ..Visibility::default() },
            rotation: None,
            mask: Some(Mask::new(0.3, 2)),
        };
        let (stream, parameters, branch) = (stream(device), parameters.clone(), branch(device));
        Workload::new(name, multiplications, move |form| {
            let inputs = (stream.clone(), attended.clone(), parameters.clone(), shape.clone());
            let (stream, attended, parameters, shape) = inputs;
            match form {
                Form::Fused => attention(stream, attended, parameters, &branch, shape),
                Form::Primitives => primitive::attention(stream, attended, parameters, &branch, shape),
            }
        })
    };
    vec![of("attention to itself", None, true), of("attention to another", Some(stream(device)), false)]
}

fn feed_forwards(device: &Device) -> Workload {
    let parameters = FeedForwardParameters {
        inner: linear(D_MODEL, D_FF, device),
        gate: None,
        outer: linear(D_FF, D_MODEL, device),
    };
    let (stream, branch, mask) = (stream(device), branch(device), Some(Mask::new(0.3, 3)));
    Workload::new("feed-forward", 2 * BATCH * POSITIONS * D_MODEL * D_FF, move |form| {
        let (stream, parameters) = (stream.clone(), parameters.clone());
        match form {
            Form::Fused => feed_forward(stream, parameters, &branch, Activation::Relu, mask),
            Form::Primitives => primitive::feed_forward(stream, parameters, &branch, Activation::Relu, mask),
        }
    })
}

fn element_wise(device: &Device) -> Vec<Workload> {
    let mask = Some(Mask::new(0.3, 4));
    let (input, norm) =
        (stream(device), NormParameters::layer(tensor([D_MODEL], device), tensor([D_MODEL], device)));
    let norm = Workload::new("layer norm", 0, move |form| {
        let (input, norm) = (input.clone(), norm.clone());
        match form {
            Form::Fused => layer_norm(input, norm),
            Form::Primitives => primitive::layer_norm(input, norm),
        }
    });
    let input = stream(device);
    let dropped = Workload::new("dropout", 0, move |form| match form {
        Form::Fused => dropout(input.clone(), mask),
        Form::Primitives => primitive::dropout(input.clone(), mask),
    });
    let (input, places) = (stream(device), tensor([POSITIONS, D_MODEL], device));
    let placed = Workload::new("positions and dropout", 0, move |form| match form {
        Form::Fused => add_positions(input.clone(), places.clone(), mask),
        Form::Primitives => primitive::add_positions(input.clone(), places.clone(), mask),
    });
    let indices: Vec<i32> = tokens().iter().map(|&token| token as i32).collect();
    let indices = Tensor::<2, Int>::from_data(TensorData::new(indices, [BATCH, POSITIONS]), device);
    let table = tensor([VOCABULARY, D_MODEL], device);
    let embedded = Workload::new("embedding", 0, move |form| match form {
        Form::Fused => embedding(table.clone(), indices.clone(), 11.3),
        Form::Primitives => primitive::embedding(table.clone(), indices.clone(), 11.3),
    });
    vec![norm, dropped, placed, embedded]
}

/// A token for each position, none of them padding.
fn tokens() -> Vec<u32> {
    (0..BATCH * POSITIONS).map(|at| (1 + at * 31 % (VOCABULARY - 1)) as u32).collect()
}

fn losses(device: &Device) -> Workload {
    let (rows, tokens) = (BATCH * POSITIONS, tokens());
    let (hidden, table) = (tensor([rows, D_MODEL], device), tensor([VOCABULARY, D_MODEL], device));
    Workload::new("cross entropy", rows * D_MODEL * VOCABULARY, move |form| {
        let targets = SmoothedTargets {
            tokens: &tokens,
            padding: 0,
            label_smoothing: 0.1,
            products: Products::Float32,
        };
        match form {
            Form::Fused => cross_entropy(hidden.clone(), table.clone(), targets, 1.0).1,
            Form::Primitives => primitive::cross_entropy(hidden.clone(), table.clone(), targets, 1.0).1,
        }
    })
}

fn recurrence(device: &Device) -> Workload {
    let parameters = LstmParameters {
        input: linear(D_MODEL, 4 * D_MODEL, device),
        hidden: linear(D_MODEL, 4 * D_MODEL, device),
    };
    let first =
        CellState { hidden: tensor([BATCH, D_MODEL], device), cell: tensor([BATCH, D_MODEL], device) };
    let input = stream(device);
    Workload::new("LSTM", 8 * BATCH * POSITIONS * D_MODEL * D_MODEL, move |form| {
        let (input, first, parameters) = (input.clone(), first.clone(), parameters.clone());
        match form {
            Form::Fused => lstm(input, first, parameters, LstmOrder::default()),
            Form::Primitives => primitive::lstm(input, first, parameters, LstmOrder::default()),
        }
    })
}

fn updates(device: &Device) -> Workload {
    let parameter = tensor([VOCABULARY * D_MODEL], device).inner();
    let settings =
        Adam { beta_1: 0.9, beta_2: 0.98, epsilon: 1e-9, decay: 0.0, rate: 1e-3, scale: 1.0, step: 5 };
    let work = move |form| {
        let state =
            AdamState { value: parameter.clone(), mean: parameter.clone(), square: parameter.clone() };
        match form {
            Form::Fused => adam(state, parameter.clone(), settings),
            Form::Primitives => primitive::adam(state, parameter.clone(), settings),
        };
    };
    Workload { name: "Adam", operations: 0.0, work: Box::new(work) }
}
