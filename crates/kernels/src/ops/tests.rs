//! Every fused operation against its composition of primitives, in value and in every gradient, and against
//! finite differences, on random shapes, strides, masks and empty edges.

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::attention::{self, AttentionParameters, AttentionShape, Visibility};
use super::branch::{Branch, Norm};
use super::cross_entropy::{self, Targets};
use super::feed_forward::{self, Activation, FeedForwardParameters};
use super::{dropout, embedding, layer_norm};
use crate::host::dropout::Mask;
use crate::host::rotation::Rotation;

/// Draws shapes and values.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let x = self.0 ^ (self.0 >> 29);
        x.wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 20
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn bool(&mut self) -> bool {
        self.below(2) == 0
    }

    /// Uniform on [-1, 1].
    fn value(&mut self) -> f32 {
        self.below(2_000_001) as f32 / 1e6 - 1.0
    }

    fn values(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.value()).collect()
    }

    /// A tensor whose memory is in order, or that of its transpose.
    fn tensor<const D: usize>(&mut self, shape: [usize; D], device: &Device) -> Tensor<D> {
        let count = shape.iter().product();
        if D >= 2 && self.bool() {
            let mut swapped = shape;
            swapped.swap(D - 1, D - 2);
            let values = TensorData::new(self.values(count), swapped);
            let plain = Tensor::<D>::from_data(values, &device.clone().inner());
            return Tensor::from_inner(plain.swap_dims(D - 1, D - 2)).require_grad();
        }
        Tensor::from_data(TensorData::new(self.values(count), shape), device).require_grad()
    }

    fn mask(&mut self) -> Option<Mask> {
        self.bool().then(|| Mask::new(0.3, self.next()))
    }

    fn linear(&mut self, inputs: usize, outputs: usize, device: &Device) -> (Tensor<2>, Tensor<1>) {
        (self.leaf([inputs, outputs], device), self.leaf([outputs], device))
    }

    /// A tensor whose gradient is asked for.
    fn leaf<const D: usize>(&mut self, shape: [usize; D], device: &Device) -> Tensor<D> {
        Tensor::from_data(TensorData::new(self.values(shape.iter().product()), shape), device).require_grad()
    }

    fn branch(&mut self, d_model: usize, device: &Device) -> Branch {
        let norm = self
            .bool()
            .then(|| Norm { gain: self.leaf([d_model], device), bias: self.leaf([d_model], device) });
        Branch { norm, carry: if self.bool() { 1.0 } else { 1.7 }, mask: self.mask() }
    }
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().expect("32-bit floats")
}

/// The gradients of leaves of any rank.
macro_rules! gradients {
    ($output:expr, $cotangent:expr, [$($leaf:expr),* $(,)?]) => {{
        let gradients = ($output * $cotangent.clone()).sum().backward();
        vec![$($leaf.grad(&gradients).map(values).unwrap_or_default()),*]
    }};
}

/// Differences are measured in units of the largest value of the case: a gradient that is 0 but for rounding,
/// like that of a key's bias, is as exact as those it is summed from.
fn agree(what: &str, case: usize, fused: &[Vec<f32>], plain: &[Vec<f32>]) {
    let largest = plain.iter().flatten().fold(1.0_f32, |largest, value| largest.max(value.abs()));
    for (number, (fused, plain)) in fused.iter().zip(plain).enumerate() {
        assert_eq!(fused.len(), plain.len());
        let pairs = fused.iter().zip(plain);
        let difference = pairs.fold(0.0_f32, |worst, (a, b)| worst.max((a - b).abs())) / largest;
        assert!(difference < 3e-5, "{what}, case {case}, tensor {number}: {difference}");
    }
}

fn device() -> Device {
    Device::flex().autodiff()
}

#[test]
fn layer_norm_agrees() {
    let (device, mut random) = (device(), Random(1));
    for case in 0..20 {
        let shape = [1 + random.below(3), random.below(40), 1 + random.below(70)];
        let input = random.leaf(shape, &device);
        let (gain, bias) = (random.leaf([shape[2]], &device), random.leaf([shape[2]], &device));
        let cotangent =
            Tensor::<3>::from_data(TensorData::new(random.values(shape.iter().product()), shape), &device);
        let run = |fused: bool| {
            let output = match fused {
                true => layer_norm::layer_norm(input.clone(), gain.clone(), bias.clone()),
                false => layer_norm::primitive(input.clone(), gain.clone(), bias.clone()),
            };
            let mut all = vec![values(output.clone())];
            all.extend(gradients!(output, cotangent, [input, gain, bias]));
            all
        };
        agree("layer norm", case, &run(true), &run(false));
    }
}

#[test]
fn dropout_agrees() {
    let (device, mut random) = (device(), Random(2));
    for case in 0..10 {
        let shape = [random.below(5), 1 + random.below(40), 1 + random.below(70)];
        let input = random.leaf(shape, &device);
        let mask = Some(Mask::new(0.4, random.next()));
        let run = |fused: bool| {
            let output = match fused {
                true => dropout::dropout(input.clone(), mask),
                false => dropout::primitive(input.clone(), mask),
            };
            let mut all = vec![values(output.clone())];
            all.extend(gradients!(output.clone(), output, [input]));
            all
        };
        agree("dropout", case, &run(true), &run(false));
    }
}

#[test]
fn embedding_agrees() {
    let (device, mut random) = (device(), Random(3));
    for case in 0..10 {
        let (vocabulary, d_model) = (1 + random.below(30), 1 + random.below(40));
        let shape = [1 + random.below(4), 1 + random.below(9)];
        let table = random.leaf([vocabulary, d_model], &device);
        let tokens: Vec<i32> = (0..shape[0] * shape[1]).map(|_| random.below(vocabulary) as i32).collect();
        let tokens = Tensor::<2, Int>::from_data(TensorData::new(tokens, shape), &device);
        let run = |fused: bool| {
            let output = match fused {
                true => embedding::embedding(table.clone(), tokens.clone(), 1.5),
                false => embedding::primitive(table.clone(), tokens.clone(), 1.5),
            };
            let mut all = vec![values(output.clone())];
            all.extend(gradients!(output.clone(), output, [table]));
            all
        };
        agree("embedding", case, &run(true), &run(false));
    }
}

#[test]
fn feed_forward_agrees() {
    let (device, mut random) = (device(), Random(4));
    for case in 0..30 {
        let activation = [Activation::Relu, Activation::Gelu, Activation::Swiglu][case % 3];
        let rows = if case == 0 { 0 } else { 1 + random.below(300) };
        let (d_model, d_ff) = (1 + random.below(40), 1 + random.below(50));
        let shape = [1 + random.below(2), rows, d_model];
        let stream = random.tensor(shape, &device);
        let (inner, outer) = (random.linear(d_model, d_ff, &device), random.linear(d_ff, d_model, &device));
        let gate = (activation == Activation::Swiglu).then(|| random.linear(d_model, d_ff, &device));
        let (branch, mask) = (random.branch(d_model, &device), random.mask());
        let cotangent =
            Tensor::<3>::from_data(TensorData::new(random.values(shape.iter().product()), shape), &device);
        let run = |fused: bool| {
            let parameters =
                FeedForwardParameters { inner: inner.clone(), gate: gate.clone(), outer: outer.clone() };
            let output = match fused {
                true => feed_forward::feed_forward(stream.clone(), parameters, &branch, activation, mask),
                false => feed_forward::primitive(stream.clone(), parameters, &branch, activation, mask),
            };
            let mut all = vec![values(output.clone())];
            let gradients = (output * cotangent.clone()).sum().backward();
            all.extend([&inner, &outer].map(|linear| values(linear.0.grad(&gradients).expect("a leaf"))));
            all.extend([&inner, &outer].map(|linear| values(linear.1.grad(&gradients).expect("a leaf"))));
            all.extend(gate.iter().map(|gate| values(gate.0.grad(&gradients).expect("a leaf"))));
            all.extend(gate.iter().map(|gate| values(gate.1.grad(&gradients).expect("a leaf"))));
            if let Some(norm) = &branch.norm {
                all.push(values(norm.gain.grad(&gradients).expect("a leaf")));
                all.push(values(norm.bias.grad(&gradients).expect("a leaf")));
            }
            all.extend(stream.grad(&gradients).map(values));
            all
        };
        agree("feed-forward", case, &run(true), &run(false));
    }
}

#[test]
fn attention_agrees() {
    let (device, mut random) = (device(), Random(5));
    for case in 0..60 {
        let heads = 1 + random.below(3);
        let d_model = heads * 2 * (1 + random.below(10));
        let crossed = random.bool();
        let batch = 1 + random.below(3);
        let queries = 1 + random.below(if case % 10 == 0 { 300 } else { 24 });
        let keys = if crossed { 1 + random.below(30) } else { queries };
        let stream = random.tensor([batch, queries, d_model], &device);
        let memory = crossed.then(|| random.tensor([batch, keys, d_model], &device));
        let linears: Vec<_> = (0..4).map(|_| random.linear(d_model, d_model, &device)).collect();
        let branch = random.branch(d_model, &device);
        let visibility = Visibility {
            lengths: random.bool().then(|| (0..batch).map(|_| random.below(keys + 1)).collect()),
            causal: random.bool(),
            slopes: random.bool().then(|| (0..heads).map(|head| 0.5 / (head + 1) as f32).collect()),
        };
        let rotation = random.bool().then(|| Rotation::new(0, queries, d_model / heads));
        let shape = AttentionShape { heads, visibility, rotation, mask: random.mask() };
        let count = batch * queries * d_model;
        let cotangent =
            Tensor::<3>::from_data(TensorData::new(random.values(count), [batch, queries, d_model]), &device);
        let run = |fused: bool| {
            let [query, key, value, output] = [0, 1, 2, 3].map(|number: usize| linears[number].clone());
            let parameters = AttentionParameters { query, key, value, output };
            let (stream, memory) = (stream.clone(), memory.clone());
            let output = match fused {
                true => attention::attention(stream, memory, parameters, &branch, shape.clone()),
                false => attention::primitive(stream, memory, parameters, &branch, shape.clone()),
            };
            let mut all = vec![values(output.clone())];
            let gradients = (output * cotangent.clone()).sum().backward();
            for (weight, bias) in &linears {
                all.push(values(weight.grad(&gradients).expect("a leaf")));
                all.push(values(bias.grad(&gradients).expect("a leaf")));
            }
            if let Some(norm) = &branch.norm {
                all.push(values(norm.gain.grad(&gradients).expect("a leaf")));
                all.push(values(norm.bias.grad(&gradients).expect("a leaf")));
            }
            all
        };
        agree("attention", case, &run(true), &run(false));
    }
}

/// The gradient of the stream and the memory, which are leaves here.
#[test]
fn attention_passes_gradients_on() {
    let (device, mut random) = (device(), Random(6));
    for case in 0..20 {
        let (heads, d_model, batch, queries, keys) = (2, 12, 2, 1 + random.below(70), 1 + random.below(70));
        let stream = random.leaf([batch, queries, d_model], &device);
        let memory = random.leaf([batch, keys, d_model], &device);
        let linears: Vec<_> = (0..4).map(|_| random.linear(d_model, d_model, &device)).collect();
        let branch = random.branch(d_model, &device);
        let visibility = Visibility {
            lengths: Some((0..batch).map(|_| random.below(keys + 1)).collect()),
            ..Visibility::default()
        };
        let shape = AttentionShape { heads, visibility, rotation: None, mask: random.mask() };
        let run = |fused: bool| {
            let [query, key, value, output] = [0, 1, 2, 3].map(|number: usize| linears[number].clone());
            let parameters = AttentionParameters { query, key, value, output };
            let (stream_in, memory_in) = (stream.clone(), Some(memory.clone()));
            let output = match fused {
                true => attention::attention(stream_in, memory_in, parameters, &branch, shape.clone()),
                false => attention::primitive(stream_in, memory_in, parameters, &branch, shape.clone()),
            };
            gradients!(output.clone(), output, [stream, memory])
        };
        agree("attention", case, &run(true), &run(false));
    }
}

#[test]
fn cross_entropy_agrees() {
    let (device, mut random) = (device(), Random(7));
    for case in 0..20 {
        let (rows, d_model, vocabulary) = (1 + random.below(200), 1 + random.below(30), 2 + random.below(90));
        let hidden = random.leaf([rows, d_model], &device);
        let table = random.leaf([vocabulary, d_model], &device);
        let tokens: Vec<u32> = (0..rows).map(|_| random.below(vocabulary) as u32).collect();
        let label_smoothing = if random.bool() { 0.1 } else { 0.0 };
        let targets = Targets { tokens: &tokens, padding: 0, label_smoothing };
        let run = |fused: bool| {
            let (outcomes, loss) = match fused {
                true => cross_entropy::cross_entropy(hidden.clone(), table.clone(), targets, 0.25),
                false => cross_entropy::primitive(hidden.clone(), table.clone(), targets, 0.25),
            };
            let of_rows = outcomes.iter().map(|outcome| outcome.log_probability).collect();
            let smoothed = outcomes.iter().map(|outcome| outcome.smoothed as f32).collect();
            let correct = outcomes.iter().map(|outcome| f32::from(u8::from(outcome.correct))).collect();
            let mut all = vec![of_rows, smoothed, correct, values(loss.clone())];
            let gradients = (loss * 2.0).sum().backward();
            all.extend([&hidden, &table].map(|leaf| values(leaf.grad(&gradients).expect("a leaf"))));
            all
        };
        agree("cross entropy", case, &run(true), &run(false));
        let evaluated =
            cross_entropy::cross_entropy_outcomes(hidden.clone().inner(), table.clone().inner(), targets);
        let (outcomes, _) = cross_entropy::cross_entropy(hidden, table, targets, 1.0);
        assert_eq!(evaluated, outcomes);
    }
}

#[test]
fn lstm_agrees() {
    use super::lstm::{LstmOrder, LstmParameters, LstmState};

    let (device, mut random) = (device(), Random(12));
    for case in 0..20 {
        let (batch, positions) = (1 + random.below(150), 1 + random.below(8));
        let (d_input, width) = (1 + random.below(20), 1 + random.below(20));
        let input = random.leaf([batch, positions, d_input], &device);
        let (hidden, cell) = (random.leaf([batch, width], &device), random.leaf([batch, width], &device));
        let into = random.linear(d_input, 4 * width, &device);
        let recurrent = random.linear(width, 4 * width, &device);
        let lengths = random.bool().then(|| (0..batch).map(|_| random.below(positions + 1)).collect());
        let order = LstmOrder { lengths, backwards: random.bool() };
        let run = |fused: bool| {
            let first = LstmState { hidden: hidden.clone(), cell: cell.clone() };
            let parameters = LstmParameters { input: into.clone(), hidden: recurrent.clone() };
            let output = match fused {
                true => super::lstm::lstm(input.clone(), first, parameters, order.clone()),
                false => super::lstm::primitive(input.clone(), first, parameters, order.clone()),
            };
            let mut all = vec![values(output.clone())];
            all.extend(gradients!(
                output.clone(),
                output,
                [input, hidden, cell, into.0, into.1, recurrent.0, recurrent.1]
            ));
            all
        };
        agree("LSTM", case, &run(true), &run(false));
    }
}

#[test]
fn additive_attention_agrees() {
    let (device, mut random) = (device(), Random(13));
    for case in 0..20 {
        let (batch, keys, d_model) = (1 + random.below(5), 1 + random.below(20), 1 + random.below(40));
        let query = random.leaf([batch, d_model], &device);
        let of_keys = random.leaf([batch, keys, d_model], &device);
        let weight = random.leaf([d_model], &device);
        let of_values = random.leaf([batch, keys, d_model], &device);
        let lengths: Option<Vec<usize>> =
            random.bool().then(|| (0..batch).map(|_| 1 + random.below(keys)).collect());
        let run = |fused: bool| {
            let (query_in, keys_in, weight_in, values_in) =
                (query.clone(), of_keys.clone(), weight.clone(), of_values.clone());
            let output = match fused {
                true => {
                    super::lstm::additive_attention(query_in, keys_in, weight_in, values_in, lengths.clone())
                }
                false => super::lstm::additive_weights(query_in, keys_in, weight_in, lengths.as_deref())
                    .matmul(values_in)
                    .squeeze_dim(1),
            };
            let mut all = vec![values(output.clone())];
            all.extend(gradients!(output.clone(), output, [query, of_keys, weight, of_values]));
            all
        };
        agree("additive attention", case, &run(true), &run(false));
    }
}

#[test]
fn adam_agrees() {
    let (device, mut random) = (Device::flex(), Random(9));
    for case in 0..10 {
        let length = random.below(40_000);
        let settings = super::optimizer::Adam {
            beta_1: 0.9,
            beta_2: 0.98,
            epsilon: 1e-9,
            decay: if random.bool() { 0.0 } else { 0.01 },
            rate: 0.01,
            scale: 0.5,
            step: 1 + case as u64,
        };
        let mut tensor = || Tensor::<1>::from_data(TensorData::new(random.values(length), [length]), &device);
        let (value, mean, square, gradient) = (tensor(), tensor(), tensor().square(), tensor());
        let state = || super::optimizer::AdamState {
            value: value.clone(),
            mean: mean.clone(),
            square: square.clone(),
        };
        let parts = |state: super::optimizer::AdamState| {
            vec![values(state.value), values(state.mean), values(state.square)]
        };
        let fused = parts(super::optimizer::adam(state(), gradient.clone(), settings));
        let plain = parts(super::optimizer::primitive(state(), gradient.clone(), settings));
        agree("Adam", case, &fused, &plain);
        let squares: f64 = values(gradient.clone()).iter().map(|&value| f64::from(value).powi(2)).sum();
        let sum = super::optimizer::sum_of_squares([&gradient]);
        assert!((sum - squares).abs() < 1e-5 * (1.0 + squares), "{sum} is not {squares}");
    }
}

#[test]
fn added_positions_agree() {
    let (device, mut random) = (device(), Random(10));
    for case in 0..10 {
        let shape = [1 + random.below(4), 1 + random.below(30), 1 + random.below(50)];
        let input = random.leaf(shape, &device);
        let places = random.leaf([shape[1], shape[2]], &device);
        let mask = random.mask();
        let run = |fused: bool| {
            let output = match fused {
                true => embedding::add_positions(input.clone(), places.clone(), mask),
                false => embedding::add_primitive(input.clone(), places.clone(), mask),
            };
            let mut all = vec![values(output.clone())];
            all.extend(gradients!(output.clone(), output, [input, places]));
            all
        };
        agree("positions", case, &run(true), &run(false));
    }
}

/// Directional derivatives by central differences in double the steps that 32-bit floats allow.
#[test]
fn gradients_are_derivatives() {
    let (device, mut random) = (device(), Random(8));
    let (heads, d_model, d_ff, batch, positions) = (2, 8, 12, 2, 5);
    let linears: Vec<_> = (0..4).map(|_| random.linear(d_model, d_model, &device)).collect();
    let (inner, outer) = (random.linear(d_model, d_ff, &device), random.linear(d_ff, d_model, &device));
    let norm = |random: &mut Random| Norm {
        gain: random.leaf([d_model], &device),
        bias: random.leaf([d_model], &device),
    };
    let branch = Branch { norm: Some(norm(&mut random)), carry: 1.0, mask: Some(Mask::new(0.2, 9)) };
    let visibility = Visibility { lengths: Some(vec![5, 3]), causal: true, slopes: None };
    let shape = AttentionShape { heads, visibility, rotation: None, mask: Some(Mask::new(0.2, 10)) };
    let tokens = [1_u32, 2, 3, 0, 4, 5, 6, 0, 7, 1];
    let table = random.leaf([8, d_model], &device);
    let loss = |stream: Tensor<3>| {
        let [query, key, value, output] = [0, 1, 2, 3].map(|number: usize| linears[number].clone());
        let parameters = AttentionParameters { query, key, value, output };
        let attended = attention::attention(stream, None, parameters, &branch, shape.clone());
        let parameters = FeedForwardParameters { inner: inner.clone(), gate: None, outer: outer.clone() };
        let states = feed_forward::feed_forward(attended, parameters, &branch, Activation::Gelu, None);
        let states = layer_norm::layer_norm(
            states,
            Tensor::ones([d_model], &device),
            Tensor::zeros([d_model], &device),
        );
        let targets = Targets { tokens: &tokens, padding: 0, label_smoothing: 0.1 };
        cross_entropy::cross_entropy(
            states.reshape([batch * positions, d_model]),
            table.clone(),
            targets,
            1.0,
        )
    };
    let total = |outcomes: Vec<super::cross_entropy::Outcome>| {
        outcomes.iter().map(|outcome| outcome.smoothed).sum::<f64>()
    };
    let stream = random.leaf([batch, positions, d_model], &device);
    let gradient = stream.grad(&loss(stream.clone()).1.backward()).expect("a leaf");
    for _ in 0..10 {
        let direction = random.leaf([batch, positions, d_model], &device).inner();
        let expected: f32 = (gradient.clone() * direction.clone()).sum().into_scalar();
        const STEP: f64 = 3e-3;
        let moved =
            |step: f64| total(loss(Tensor::from_inner(stream.clone().inner() + direction.clone() * step)).0);
        let found = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
        assert!(
            (found - f64::from(expected)).abs() < 2e-3 * (1.0 + found.abs()),
            "the difference quotient is {found}, the gradient says {expected}"
        );
    }
}

/// The same bits whatever the number of threads.
#[test]
fn threads_do_not_change_a_bit() {
    let device = device();
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| {
            let mut random = Random(11);
            let (heads, d_model, d_ff, batch, positions) = (4, 64, 128, 40, 30);
            let stream = random.leaf([batch, positions, d_model], &device);
            let linears: Vec<_> = (0..4).map(|_| random.linear(d_model, d_model, &device)).collect();
            let (inner, outer) =
                (random.linear(d_model, d_ff, &device), random.linear(d_ff, d_model, &device));
            let branch = Branch {
                norm: Some(Norm {
                    gain: random.leaf([d_model], &device),
                    bias: random.leaf([d_model], &device),
                }),
                carry: 1.0,
                mask: Some(Mask::new(0.3, 1)),
            };
            let shape = AttentionShape {
                heads,
                visibility: Visibility::default(),
                rotation: None,
                mask: Some(Mask::new(0.3, 2)),
            };
            let [query, key, value, output] = [0, 1, 2, 3].map(|number: usize| linears[number].clone());
            let parameters = AttentionParameters { query, key, value, output };
            let states = attention::attention(stream.clone(), None, parameters, &branch, shape);
            let parameters = FeedForwardParameters { inner: inner.clone(), gate: None, outer };
            let states = feed_forward::feed_forward(states, parameters, &branch, Activation::Relu, None);
            let table = random.leaf([500, d_model], &device);
            let tokens: Vec<u32> = (0..batch * positions).map(|_| random.below(500) as u32).collect();
            let targets = Targets { tokens: &tokens, padding: 0, label_smoothing: 0.1 };
            let rows = states.reshape([batch * positions, d_model]);
            let (_, loss) = cross_entropy::cross_entropy(rows, table.clone(), targets, 1.0);
            gradients!(loss.clone(), Tensor::<1>::ones([1], &device), [stream, table, inner.0, linears[0].0])
        })
    };
    let alone = run(1);
    assert_eq!(alone, run(2));
    assert_eq!(alone, run(4));
}
