//! Every fused operation against its composition of primitives, in value and in every gradient, on random shapes,
//! strides, masks and empty edges.

use any2any_architecture::{Activation, Attention};
use burn::tensor::{Device, Int, Tensor, TensorData};

use super::{Random, agree, agree_in_bfloat16, device, values};
use crate::host::dropout::Mask;
use crate::host::products::Products;
use crate::host::rotation::Rotation;
use crate::ops::attention::{self, AttentionParameters, AttentionSettings, Visibility};
use crate::ops::branch::Branch;
use crate::ops::cross_entropy::{self, SmoothedTargets};
use crate::ops::feed_forward::{self, FeedForwardParameters};
use crate::ops::lstm::AdditiveInputs;
use crate::ops::{dropout, embedding, layer_norm};

#[test]
fn layer_norm_agrees() {
    let (device, mut random) = (device(), Random(1));
    for case in 0..20 {
        let shape = [1 + random.below(3), random.below(40), 1 + random.below(70)];
        let input = random.leaf(shape, &device);
        let norm = random.norm(shape[2], &device);
        let cotangent =
            Tensor::<3>::from_data(TensorData::new(random.values(shape.iter().product()), shape), &device);
        let run = |fused: bool| {
            let output = match fused {
                true => layer_norm::layer_norm(input.clone(), norm.clone()),
                false => layer_norm::primitive(input.clone(), norm.clone()),
            };
            let mut all = vec![values(output.clone())];
            all.extend(gradients!(output, cotangent, [input, norm.gain, norm.bias]));
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
        let activation = Activation::ALL[case % Activation::ALL.len()];
        let rows = if case == 0 { 0 } else { 1 + random.below(300) };
        let (d_model, d_ff) = (1 + random.below(40), 1 + random.below(50));
        let shape = [1 + random.below(2), rows, d_model];
        let stream = random.tensor(shape, &device);
        let (inner, outer) = (random.linear(d_model, d_ff, &device), random.linear(d_ff, d_model, &device));
        let gate = activation.is_gated().then(|| random.linear(d_model, d_ff, &device));
        let (branch, mask) = (random.branch(d_model, &device), random.mask());
        let cotangent =
            Tensor::<3>::from_data(TensorData::new(random.values(shape.iter().product()), shape), &device);
        let run = |fused: bool, products: Products| {
            let branch = Branch { products, ..branch.clone() };
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
        agree("feed-forward", case, &run(true, Products::Float32), &run(false, Products::Float32));
        agree_in_bfloat16("feed-forward", case, activation == Activation::Relu, run);
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
        let attended = crossed.then(|| random.tensor([batch, keys, d_model], &device));
        let linears: Vec<_> = (0..4).map(|_| random.linear(d_model, d_model, &device)).collect();
        let branch = random.branch(d_model, &device);
        let visibility = Visibility {
            lengths: random.bool().then(|| (0..batch).map(|_| random.below(keys + 1)).collect()),
            causal: random.bool(),
            slopes: random.bool().then(|| (0..heads).map(|head| 0.5 / (head + 1) as f32).collect()),
            bias: None,
        };
        let rotation = random.bool().then(|| Rotation::new(0, queries, d_model / heads));
        let shape = AttentionSettings {
            attention: Attention::new(d_model, heads),
            visibility,
            rotation,
            mask: random.mask(),
        };
        let count = batch * queries * d_model;
        let cotangent =
            Tensor::<3>::from_data(TensorData::new(random.values(count), [batch, queries, d_model]), &device);
        let run = |fused: bool, products: Products| {
            let branch = Branch { products, ..branch.clone() };
            let [query, key, value, output] = [0, 1, 2, 3].map(|number: usize| linears[number].clone());
            let parameters = AttentionParameters { query, key, value, output };
            let (stream, attended) = (stream.clone(), attended.clone());
            let output = match fused {
                true => attention::attention(stream, attended, parameters, &branch, shape.clone()),
                false => attention::primitive(stream, attended, parameters, &branch, shape.clone()),
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
        agree("attention", case, &run(true, Products::Float32), &run(false, Products::Float32));
        agree_in_bfloat16("attention", case, false, run);
    }
}

/// The gradients of the stream and of the states attended to, which are leaves here.
#[test]
fn attention_passes_gradients_on() {
    let (device, mut random) = (device(), Random(6));
    for case in 0..20 {
        let (heads, d_model, batch, queries, keys) = (2, 12, 2, 1 + random.below(70), 1 + random.below(70));
        let stream = random.leaf([batch, queries, d_model], &device);
        let attended = random.leaf([batch, keys, d_model], &device);
        let linears: Vec<_> = (0..4).map(|_| random.linear(d_model, d_model, &device)).collect();
        let branch = random.branch(d_model, &device);
        let visibility = Visibility {
            lengths: Some((0..batch).map(|_| random.below(keys + 1)).collect()),
            ..Visibility::default()
        };
        let shape = AttentionSettings {
            attention: Attention::new(d_model, heads),
            visibility,
            rotation: None,
            mask: random.mask(),
        };
        let run = |fused: bool| {
            let [query, key, value, output] = [0, 1, 2, 3].map(|number: usize| linears[number].clone());
            let parameters = AttentionParameters { query, key, value, output };
            let (stream_in, attended_in) = (stream.clone(), Some(attended.clone()));
            let output = match fused {
                true => attention::attention(stream_in, attended_in, parameters, &branch, shape.clone()),
                false => attention::primitive(stream_in, attended_in, parameters, &branch, shape.clone()),
            };
            gradients!(output.clone(), output, [stream, attended])
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
        let targets =
            SmoothedTargets { tokens: &tokens, padding: 0, label_smoothing, products: Products::Float32 };
        let run = |fused: bool, products: Products| {
            let targets = SmoothedTargets { products, ..targets };
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
        agree("cross entropy", case, &run(true, Products::Float32), &run(false, Products::Float32));
        // The most probable token may be another where two are nearly as probable.
        agree_in_bfloat16("cross entropy", case, false, |fused, products| {
            let mut all = run(fused, products);
            all.remove(2);
            all
        });
        let evaluated =
            cross_entropy::cross_entropy_outcomes(hidden.clone().inner(), table.clone().inner(), targets);
        let (outcomes, _) = cross_entropy::cross_entropy(hidden, table, targets, 1.0);
        assert_eq!(evaluated, outcomes);
    }
}

#[test]
fn lstm_agrees() {
    use crate::ops::lstm::{CellState, LstmOrder, LstmParameters};

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
            let first = CellState { hidden: hidden.clone(), cell: cell.clone() };
            let parameters = LstmParameters { input: into.clone(), hidden: recurrent.clone() };
            let output = match fused {
                true => crate::ops::lstm::lstm(input.clone(), first, parameters, order.clone()),
                false => crate::ops::lstm::primitive(input.clone(), first, parameters, order.clone()),
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
            let inputs = AdditiveInputs {
                query: query.clone(),
                keys: of_keys.clone(),
                weight: weight.clone(),
                values: of_values.clone(),
            };
            let output = match fused {
                true => crate::ops::lstm::additive_attention(inputs, lengths.clone()),
                false => crate::ops::lstm::additive_weights(inputs, lengths.as_deref(), None)
                    .matmul(of_values.clone())
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
        let settings = crate::ops::optimizer::Adam {
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
        let state = || crate::ops::optimizer::AdamState {
            value: value.clone(),
            mean: mean.clone(),
            square: square.clone(),
        };
        let parts = |state: crate::ops::optimizer::AdamState| {
            vec![values(state.value), values(state.mean), values(state.square)]
        };
        let fused = parts(crate::ops::optimizer::adam(state(), gradient.clone(), settings));
        let plain = parts(crate::ops::optimizer::primitive(state(), gradient.clone(), settings));
        agree("Adam", case, &fused, &plain);
        let squares: f64 = values(gradient.clone()).iter().map(|&value| f64::from(value).powi(2)).sum();
        let sum = crate::ops::optimizer::sum_of_squares([&gradient]);
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
