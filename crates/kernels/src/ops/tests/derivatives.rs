//! Several operations one after the other: their gradients against finite differences, and at any number of threads.

use any2any_architecture::{Activation, Attention};
use burn::tensor::Tensor;

use super::{Random, device, values};
use crate::host::bfloat16::Order;
use crate::host::dropout::Mask;
use crate::host::products::Products;
use crate::ops::attention::{self, AttentionParameters, AttentionSettings, Visibility};
use crate::ops::branch::{Branch, NormParameters};
use crate::ops::cross_entropy::{self, SmoothedTargets};
use crate::ops::feed_forward::{self, FeedForwardParameters};
use crate::ops::layer_norm;

/// Directional derivatives by central differences in double the steps that 32-bit floats allow.
#[test]
fn gradients_are_derivatives() {
    let (device, mut random) = (device(), Random(8));
    let (heads, d_model, d_ff, batch, positions) = (2, 8, 12, 2, 5);
    let linears: Vec<_> = (0..4).map(|_| random.linear(d_model, d_model, &device)).collect();
    let (inner, outer) = (random.linear(d_model, d_ff, &device), random.linear(d_ff, d_model, &device));
    let branch = Branch {
        norm: Some(random.norm(d_model, &device)),
        residual_scale: 1.0,
        mask: Some(Mask::new(0.2, 9)),
        products: Products::Float32,
    };
    let visibility = Visibility { lengths: Some(vec![5, 3]), causal: true, ..Visibility::default() };
    let shape = AttentionSettings {
        attention: Attention::new(d_model, heads),
        visibility,
        rotation: None,
        mask: Some(Mask::new(0.2, 10)),
    };
    let tokens = [1_u32, 2, 3, 0, 4, 5, 6, 0, 7, 1];
    let table = random.leaf([8, d_model], &device);
    let loss = |stream: Tensor<3>| {
        let [query, key, value, output] = [0, 1, 2, 3].map(|number: usize| linears[number].clone());
        let parameters = AttentionParameters { query, key, value, output };
        let attended = attention::attention(stream, None, parameters, &branch, shape.clone());
        let parameters = FeedForwardParameters { inner: inner.clone(), gate: None, outer: outer.clone() };
        let states = feed_forward::feed_forward(attended, parameters, &branch, Activation::Gelu, None);
        let plain =
            NormParameters::layer(Tensor::ones([d_model], &device), Tensor::zeros([d_model], &device));
        let states = layer_norm::layer_norm(states, plain);
        let targets = SmoothedTargets {
            tokens: &tokens,
            padding: 0,
            label_smoothing: 0.1,
            products: Products::Float32,
        };
        cross_entropy::cross_entropy(
            states.reshape([batch * positions, d_model]),
            table.clone(),
            targets,
            1.0,
        )
    };
    let total = |outcomes: Vec<crate::ops::cross_entropy::Outcome>| {
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

/// Sums are taken in one order whatever the number of threads.
#[test]
fn threads_do_not_change_a_bit() {
    let device = device();
    let run = |threads: usize, products: Products| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| {
            let mut random = Random(11);
            // Weights of both kinds: those whose gradients have sums of groups, and those whose gradients are one product.
            let (heads, d_model, d_ff, batch, positions) = (4, 64, 2112, 40, 30);
            let stream = random.leaf([batch, positions, d_model], &device);
            let linears: Vec<_> = (0..4).map(|_| random.linear(d_model, d_model, &device)).collect();
            let (inner, outer) =
                (random.linear(d_model, d_ff, &device), random.linear(d_ff, d_model, &device));
            let branch = Branch {
                norm: Some(random.norm(d_model, &device)),
                residual_scale: 1.0,
                mask: Some(Mask::new(0.3, 1)),
                products,
            };
            let shape = AttentionSettings {
                attention: Attention::new(d_model, heads),
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
            let targets = SmoothedTargets { tokens: &tokens, padding: 0, label_smoothing: 0.1, products };
            let rows = states.reshape([batch * positions, d_model]);
            let (_, loss) = cross_entropy::cross_entropy(rows, table.clone(), targets, 1.0);
            gradients!(loss.clone(), Tensor::<1>::ones([1], &device), [stream, table, inner.0, linears[0].0])
        })
    };
    let all = [Products::Float32].into_iter().chain(Order::ALL.map(Products::Bfloat16));
    let alone: Vec<_> = all
        .map(|products| {
            let alone = run(1, products);
            assert_eq!(alone, run(2, products), "{products:?}");
            assert_eq!(alone, run(4, products), "{products:?}");
            alone
        })
        .collect();
    assert!(alone[0] != alone[1] && alone[1] != alone[2], "three arithmetics");
}
