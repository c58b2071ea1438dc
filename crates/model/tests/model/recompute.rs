//! Layers that are computed again in the backward pass give the same bytes as layers that keep what they compute.

use any2any_adapter::Seed;
use any2any_model::{Model, Pass};
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor};

use crate::invariants::{SOURCES, TARGETS, model, models, padded, source};

/// Gathers the bits of all gradients, parameter by parameter.
struct Bits<'a> {
    gradients: &'a Gradients,
    found: Vec<Option<Vec<u32>>>,
}

impl ModuleVisitor for Bits<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let bits = |gradient: Tensor<D>| gradient.into_data().iter::<f32>().map(f32::to_bits).collect();
        self.found.push(param.val().grad(self.gradients).map(bits));
    }
}

/// The loss of a pass and all gradients, to the last bit; the encoder's states are read by the decoder and by the loss.
fn step(model: &Model, mut pass: Pass) -> (u32, Vec<Option<Vec<u32>>>) {
    let (targets, _) = padded(&TARGETS);
    let encoded = source(model, &SOURCES).and_then(|source| model.encode(0, source, &mut pass));
    let hidden = model.decode(0, encoded.as_ref(), model.tokens(targets, TARGETS.len()), &mut pass);
    let mut loss = model.logits(0, hidden).square().mean();
    if let Some(encoded) = encoded {
        loss = loss + encoded.states.sin().mean();
    }
    let gradients = loss.backward();
    let mut bits = Bits { gradients: &gradients, found: Vec::new() };
    model.visit(&mut bits);
    (loss.into_scalar::<f32>().to_bits(), bits.found)
}

#[test]
fn no_bit_of_a_gradient_changes() {
    for (name, config) in models() {
        let model = model(&config, &Device::default().autodiff());
        for number in 1..4 {
            let pass = || Pass::training(Seed(7), number);
            let (expected, found) = (step(&model, pass()), step(&model, pass().recomputing_layers()));
            assert!(expected.1.iter().flatten().count() > 10, "{name}: gradients are there");
            assert_eq!(expected.0, found.0, "{name}: the loss of pass {number}");
            for (place, (expected, found)) in expected.1.iter().zip(&found.1).enumerate() {
                assert_eq!(expected, found, "{name}: parameter {place} in pass {number}");
            }
        }
    }
}
