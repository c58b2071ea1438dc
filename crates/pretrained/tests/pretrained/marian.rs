//! Models in Marian's own files, which `golden/make_marian.py` trained, write what Marian writes.

use std::collections::BTreeMap;

use any2any_adapter::{Cancellation, Sequence};
use any2any_architecture::{Head, Stem};
use any2any_inference::{Engine, EngineStepper, Parameter, Parameters, Precision};
use any2any_pretrained::{Family, Pretrained, Tensor, read};
use any2any_search::Stepper;
use serde::Deserialize;

use crate::golden::{copy, folder};

const MODELS: [&str; 3] = ["marian_npz", "marian_ssru", "marian_untied"];

/// Marian prints five decimals.
const TOLERANCE: f32 = 1e-4;

const END: u32 = 0;

#[derive(Deserialize)]
struct Golden {
    source: Vec<u32>,
    greedy: Written,
}

#[derive(Deserialize)]
struct Written {
    tokens: Vec<u32>,
    scores: Vec<f32>,
}

struct Named<'a>(&'a BTreeMap<String, Tensor>);

impl Parameters for Named<'_> {
    fn get(&self, name: &str) -> Option<Parameter<'_>> {
        self.0.get(name).map(|Tensor { shape, values }| Parameter { shape, values })
    }
}

/// The model with one token more on the side of targets, from whose zeros Marian's decoder starts.
fn with_begin(mut model: Pretrained) -> (Pretrained, u32) {
    let begin = model.architecture.outputs(0) as u32;
    let target = model.architecture.tasks[0].target;
    if let Stem::Lookup { vocabulary, .. } = &mut model.architecture.stems[target].part {
        *vocabulary += 1;
    }
    if let Head::Softmax { vocabulary, .. } = &mut model.architecture.heads[0].part {
        *vocabulary += 1;
    }
    for parameter in model.architecture.parameters() {
        let tensor = model.weights.get_mut(&parameter.name).expect("every parameter has a tensor");
        tensor.values.resize(parameter.shape.iter().product(), 0.0);
        tensor.shape = parameter.shape;
    }
    (model, begin)
}

/// The best of the tokens that Marian knows, and the logarithm of the probability of one.
fn best(logits: &[f32], of: u32) -> (u32, f32) {
    let sum: f32 = logits.iter().map(|logit| logit.exp()).sum();
    let best = (0..).zip(logits).max_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(token, _)| token);
    (best.expect("some tokens"), logits[of as usize] - sum.ln())
}

#[test]
fn outputs_and_their_probabilities_are_those_of_marian() {
    for name in MODELS {
        let model = read(&folder(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(model.family, Family::Marian);
        assert_eq!((model.decoding.num_beams, model.decoding.length_penalty), (Some(4), Some(1.0)));
        assert!(model.scales.is_empty() && model.shortlist.is_none());
        let (model, begin) = with_begin(model);
        let engine = Engine::new(&model.architecture, &Named(&model.weights), Precision::Float32);
        let engine = engine.unwrap_or_else(|error| panic!("{name}: {error}"));
        let golden = std::fs::read(folder(name).join("golden.json")).expect("written by make_marian.py");
        let golden: Vec<Golden> = serde_json::from_slice(&golden).expect("as make_marian.py writes it");
        for (number, Golden { source, greedy }) in golden.into_iter().enumerate() {
            let source = Sequence::Tokens(source);
            let mut stepper = EngineStepper::new(&engine, 0, &[&source], &Cancellation::default());
            let mut fed = begin;
            for (&token, score) in greedy.tokens.iter().chain([&END]).zip(greedy.scores) {
                let Ok(logits) = stepper.step(&[fed]);
                let (written, found) = best(&logits[..begin as usize], token);
                assert_eq!(written, token, "{name}, source {number}");
                assert!((found - score).abs() < TOLERANCE, "{name}, source {number}: {found}, not {score}");
                fed = token;
            }
        }
    }
}

fn refused(name: &str, change: &[(&str, &str)]) -> String {
    let copy = copy(name);
    let path = copy.path().join("model.npz");
    let mut bytes = std::fs::read(&path).expect("a model");
    for (from, to) in change {
        assert_eq!(from.len(), to.len(), "texts of one length");
        let at = bytes.windows(from.len()).position(|part| part == from.as_bytes()).expect("it is there");
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    }
    std::fs::write(&path, bytes).expect("written");
    read(copy.path()).expect_err("refused").to_string()
}

#[test]
fn kinds_of_models_that_are_not_known_are_refused_by_name() {
    for (change, reason) in [
        (&[("type: transformer", "type: s2s        ")][..], "`type` is \"s2s\""),
        (&[("autoreg: self-attention", "autoreg: average-attent")], "`transformer-decoder-autoreg` is"),
        (&[("ffn-activation: swish", "ffn-activation: gelu ")], "`transformer-ffn-activation` is \"gelu\""),
        (&[("right-left: false", "right-left: true ")], "`right-left` is true"),
        (&[("transformer-ffn-depth: 2", "transformer-ffn-depth: 3")], "`transformer-ffn-depth` is 3"),
        (&[("postprocess: dan", "postprocess: dhn")], "`transformer-postprocess` is \"hn\""),
        (&[("dim-ffn: 24", "dim-ffn: 25")], "asks for [16, 25]"),
    ] {
        let said = refused("marian_npz", change);
        assert!(said.contains(reason), "{said}");
    }
    let said = refused("marian_ssru", &[("dec-cell: ssru", "dec-cell: gru ")]);
    assert!(said.contains("`dec-cell` is \"gru\""), "{said}");
}

#[test]
fn files_that_say_too_little_are_named() {
    let without = copy("marian_npz");
    std::fs::remove_file(without.path().join("vocab.spm")).expect("removed");
    let said = read(without.path()).expect_err("no vocabulary").to_string();
    assert!(said.contains("lies beside no vocabulary"), "{said}");

    let several = copy("marian_npz");
    let model = several.path().join("model.npz");
    std::fs::copy(&model, several.path().join("best.npz")).expect("copied");
    let said = read(several.path()).expect_err("two models").to_string();
    assert!(said.contains("best.npz, model.npz"), "{said}");
    // One of them is read by its own name.
    let read = read(&model).expect("one model");
    let vocabularies = read.vocabularies.expect("beside it");
    assert_eq!(vocabularies.source, vocabularies.target);
    assert_eq!(vocabularies.source, several.path().join("vocab.spm"));
}

#[test]
fn every_cut_of_a_file_is_refused() {
    let copy = copy("marian_npz");
    let path = copy.path().join("model.npz");
    let bytes = std::fs::read(&path).expect("a model");
    for length in (0..bytes.len()).step_by(977) {
        std::fs::write(&path, &bytes[..length]).expect("written");
        assert!(read(&path).is_err(), "{length} bytes");
    }
}
