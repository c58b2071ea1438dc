//! Listeners to layers are told the gradients that the backward pass ends with, from the last layer to the first.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use any2any_adapter::Seed;
use any2any_model::{LayerListener, Model, Pass};
use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::tensor::{Device, Gradients, Tensor};

use crate::invariants::{SOURCES, TARGETS, model, models, padded, source};

/// All that a listener is told, in its order.
#[derive(Debug, Default)]
struct Told {
    layers: Mutex<Vec<Vec<(ParamId, usize)>>>,
    gradients: Mutex<Vec<(ParamId, Vec<u32>)>>,
}

impl LayerListener for Told {
    fn layer(&self, parameters: Vec<(ParamId, usize)>) {
        self.layers.lock().expect("no panic").push(parameters);
    }

    fn gradient(&self, parameter: ParamId, gradient: Tensor<1>) {
        self.gradients.lock().expect("no panic").push((parameter, bits(gradient)));
    }
}

fn bits<const D: usize>(gradient: Tensor<D>) -> Vec<u32> {
    gradient.into_data().iter::<f32>().map(f32::to_bits).collect()
}

struct All<'a>(&'a Gradients, BTreeMap<ParamId, Option<Vec<u32>>>);

impl ModuleVisitor for All<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.1.insert(param.id, param.val().grad(self.0).map(bits));
    }
}

/// All gradients of a pass.
fn gradients(model: &Model, mut pass: Pass) -> BTreeMap<ParamId, Option<Vec<u32>>> {
    let (targets, _) = padded(&TARGETS);
    let encoded = source(model, &SOURCES).and_then(|source| model.encode(0, source, &mut pass));
    let hidden = model.decode(0, encoded.as_ref(), model.tokens(targets, TARGETS.len()), &mut pass);
    let gradients = model.logits(0, hidden).square().mean().backward();
    let mut all = All(&gradients, BTreeMap::new());
    model.visit(&mut all);
    all.1
}

#[test]
fn gradients_of_layers_are_told_whole_from_the_last_to_the_first() {
    for (name, config) in models() {
        let model = model(&config, &Device::default().autodiff());
        for recomputes in [false, true] {
            let pass = || match Pass::training(Seed(7), 3) {
                pass if recomputes => pass.recomputing_layers(),
                pass => pass,
            };
            let told = Arc::new(Told::default());
            let expected = gradients(&model, pass());
            let found = gradients(&model, pass().listened_by(told.clone()));
            assert!(expected == found, "{name}: no bit changes because somebody listens");
            let layers = told.layers.lock().expect("no panic");
            let heard = told.gradients.lock().expect("no panic");
            assert!(!layers.is_empty() && !heard.is_empty(), "{name}: it has layers");
            let mut before = layers.len();
            for (parameter, gradient) in heard.iter() {
                assert_eq!(expected[parameter].as_ref(), Some(gradient), "{name}: told is the whole");
                let holds = |layer: &Vec<(ParamId, usize)>| layer.contains(&(*parameter, gradient.len()));
                let layer = layers.iter().position(holds).expect("announced with its length");
                assert!(layer <= before, "{name}: {layer} after {before}");
                before = layer;
            }
            let announced = layers.iter().flatten().filter(|(id, _)| expected[id].is_some()).count();
            assert_eq!(heard.len(), announced, "{name}: each is told once");
        }
    }
}
