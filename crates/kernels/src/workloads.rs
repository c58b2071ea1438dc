//! One piece of work for each operation, at the shapes of a transformer, for benches.

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::{
    Adam, AdamState, AttentionParameters, AttentionSettings, Branch, CellState, FeedForwardParameters,
    LstmOrder, LstmParameters, Mask, NormParameters, Products, SmoothedTargets, Visibility, adam,
    add_positions, attention, cross_entropy, dropout, embedding, feed_forward, layer_norm, lstm, primitive,
};
use any2any_architecture::{Activation, Attention};

/// The sizes of all operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Sequences.
    pub batch: usize,
    /// Positions of each.
    pub positions: usize,
    /// The width of a position.
    pub d_model: usize,
    /// The width inside the feed-forward layer.
    pub d_ff: usize,
    /// Attention heads, whose number divides the width of a position.
    pub heads: usize,
    /// Tokens.
    pub vocabulary: usize,
}

impl Default for Sizes {
    /// Those of a tiny transformer.
    fn default() -> Self {
        Self { batch: 256, positions: 16, d_model: 128, d_ff: 256, heads: 4, vocabulary: 8000 }
    }
}

impl Sizes {
    /// The positions of all sequences.
    fn rows(self) -> usize {
        self.batch * self.positions
    }
}

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
pub fn workloads(sizes: Sizes, device: &Device) -> Vec<Workload> {
    let device = device.clone().autodiff();
    let mut all = attentions(sizes, &device);
    all.push(feed_forwards(sizes, &device));
    all.extend(element_wise(sizes, &device));
    all.push(losses(sizes, &device));
    all.push(recurrence(sizes, &device));
    all.push(updates(sizes, &device));
    all
}

fn norm(sizes: Sizes, device: &Device) -> NormParameters {
    NormParameters::layer(tensor([sizes.d_model], device), tensor([sizes.d_model], device))
}

fn branch(sizes: Sizes, device: &Device) -> Branch {
    Branch {
        norm: Some(norm(sizes, device)),
        residual_scale: 1.0,
        mask: Some(Mask::new(0.3, 1)),
        products: Products::Float32,
    }
}

fn stream(sizes: Sizes, device: &Device) -> Tensor<3> {
    tensor([sizes.batch, sizes.positions, sizes.d_model], device)
}

fn attentions(sizes: Sizes, device: &Device) -> Vec<Workload> {
    let Sizes { positions, d_model, heads, .. } = sizes;
    let square = || linear(d_model, d_model, device);
    let parameters =
        AttentionParameters { query: square(), key: square(), value: square(), output: square() };
    let multiplications = sizes.rows() * (4 * d_model * d_model + 2 * positions * d_model);
    let of = |name, attended: Option<Tensor<3>>, causal| {
        let shape = AttentionSettings {
            attention: Attention::new(d_model, heads),
            visibility: Visibility { causal, ..Visibility::default() },
            rotation: None,
            mask: Some(Mask::new(0.3, 2)),
        };
        let (stream, parameters, branch) = (stream(sizes, device), parameters.clone(), branch(sizes, device));
        Workload::new(name, multiplications, move |form| {
            let inputs = (stream.clone(), attended.clone(), parameters.clone(), shape.clone());
            let (stream, attended, parameters, shape) = inputs;
            match form {
                Form::Fused => attention(stream, attended, parameters, &branch, shape),
                Form::Primitives => primitive::attention(stream, attended, parameters, &branch, shape),
            }
        })
    };
    vec![
        of("attention to itself", None, true),
        of("attention to another", Some(stream(sizes, device)), false),
    ]
}

fn feed_forwards(sizes: Sizes, device: &Device) -> Workload {
    let Sizes { d_model, d_ff, .. } = sizes;
    let parameters = FeedForwardParameters {
        inner: linear(d_model, d_ff, device),
        gate: None,
        outer: linear(d_ff, d_model, device),
    };
    let (stream, branch, mask) = (stream(sizes, device), branch(sizes, device), Some(Mask::new(0.3, 3)));
    Workload::new("feed-forward", 2 * sizes.rows() * d_model * d_ff, move |form| {
        let (stream, parameters) = (stream.clone(), parameters.clone());
        match form {
            Form::Fused => feed_forward(stream, parameters, &branch, Activation::Relu, mask),
            Form::Primitives => primitive::feed_forward(stream, parameters, &branch, Activation::Relu, mask),
        }
    })
}

fn element_wise(sizes: Sizes, device: &Device) -> Vec<Workload> {
    let Sizes { batch, positions, d_model, vocabulary, .. } = sizes;
    let mask = Some(Mask::new(0.3, 4));
    let (input, norm) = (stream(sizes, device), norm(sizes, device));
    let norm = Workload::new("layer norm", 0, move |form| {
        let (input, norm) = (input.clone(), norm.clone());
        match form {
            Form::Fused => layer_norm(input, norm),
            Form::Primitives => primitive::layer_norm(input, norm),
        }
    });
    let input = stream(sizes, device);
    let dropped = Workload::new("dropout", 0, move |form| match form {
        Form::Fused => dropout(input.clone(), mask),
        Form::Primitives => primitive::dropout(input.clone(), mask),
    });
    let (input, places) = (stream(sizes, device), tensor([positions, d_model], device));
    let placed = Workload::new("positions and dropout", 0, move |form| match form {
        Form::Fused => add_positions(input.clone(), places.clone(), mask),
        Form::Primitives => primitive::add_positions(input.clone(), places.clone(), mask),
    });
    let indices: Vec<i32> = tokens(sizes).iter().map(|&token| token as i32).collect();
    let indices = Tensor::<2, Int>::from_data(TensorData::new(indices, [batch, positions]), device);
    let table = tensor([vocabulary, d_model], device);
    let embedded = Workload::new("embedding", 0, move |form| match form {
        Form::Fused => embedding(table.clone(), indices.clone(), 11.3),
        Form::Primitives => primitive::embedding(table.clone(), indices.clone(), 11.3),
    });
    vec![norm, dropped, placed, embedded]
}

/// A token for each position, none of them padding.
fn tokens(sizes: Sizes) -> Vec<u32> {
    (0..sizes.rows()).map(|at| (1 + at * 31 % (sizes.vocabulary - 1)) as u32).collect()
}

fn losses(sizes: Sizes, device: &Device) -> Workload {
    let Sizes { d_model, vocabulary, .. } = sizes;
    let (rows, tokens) = (sizes.rows(), tokens(sizes));
    let (hidden, table) = (tensor([rows, d_model], device), tensor([vocabulary, d_model], device));
    Workload::new("cross entropy", rows * d_model * vocabulary, move |form| {
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

fn recurrence(sizes: Sizes, device: &Device) -> Workload {
    let Sizes { batch, d_model, .. } = sizes;
    let parameters = LstmParameters {
        input: linear(d_model, 4 * d_model, device),
        hidden: linear(d_model, 4 * d_model, device),
    };
    let first =
        CellState { hidden: tensor([batch, d_model], device), cell: tensor([batch, d_model], device) };
    let input = stream(sizes, device);
    Workload::new("LSTM", 8 * sizes.rows() * d_model * d_model, move |form| {
        let (input, first, parameters) = (input.clone(), first.clone(), parameters.clone());
        match form {
            Form::Fused => lstm(input, first, parameters, LstmOrder::default()),
            Form::Primitives => primitive::lstm(input, first, parameters, LstmOrder::default()),
        }
    })
}

fn updates(sizes: Sizes, device: &Device) -> Workload {
    let parameter = tensor([sizes.vocabulary * sizes.d_model], device).inner();
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
