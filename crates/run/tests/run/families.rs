//! Small models of well-known families give the logits that other people's code gives, trained and decoded:
//! `golden/families.py` made them.

use std::collections::BTreeMap;
use std::path::Path;

use any2any_adapter::{Cancellation, Frames, Seed, Sequence};
use any2any_architecture::Architecture;
use any2any_inference::{
    Ablations, AttentionWeights, Engine, EngineStepper, Parameter, Parameters, Place, Precision,
};
use any2any_model::{AttentionKind, Initializer, Input, Model, ModelConfig, Pass, Source};
use any2any_run::parameters::with_weights;
use any2any_run::{Weights, read_weights};
use any2any_search::Stepper;
use burn::tensor::{Device, Tensor, TensorData};

const VOCABULARY: usize = 19;
const TOLERANCE: f32 = 2e-4;

/// Families that no other code was compared with: parts of others, put together.
const UNCOMPARED: [&str; 2] = ["ssru language model", "unequal widths"];

struct Golden {
    weights: BTreeMap<String, Weights>,
    source: Weights,
    lengths: Vec<usize>,
    target: Weights,
    logits: Weights,
}

impl Golden {
    fn read(family: &str) -> Self {
        let file = format!("tests/golden/family_{}.safetensors", family.replace(' ', "_"));
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let mut weights = read_weights(&path).expect("the golden file");
        let mut take = |name: &str| weights.remove(name).expect("written by families.py");
        let (source, target, logits) = (take("input/source"), take("input/target"), take("output/logits"));
        let lengths = take("input/lengths").values.iter().map(|&length| length as usize).collect();
        Self { weights, source, lengths, target, logits }
    }
}

/// The input of a padded batch: tokens `[batch, positions]`, or frames `[batch, frames, width]`.
fn input(model: &Model, source: &Weights) -> Input {
    match source.shape[..] {
        [rows, frames, width] => {
            let data = TensorData::new(source.values.clone(), [rows, frames, width]);
            Input::Frames(Tensor::from_data(data, &Device::default()))
        }
        _ => model.tokens(tokens(source), source.shape[0]),
    }
}

/// The sequences of a batch, without padding.
fn sequences(source: &Weights, lengths: &[usize]) -> Vec<Sequence> {
    let rows = source.values.chunks(source.values.len() / source.shape[0]).zip(lengths);
    let sequence = |(row, &length): (&[f32], &usize)| match source.shape[..] {
        [_, _, width] => {
            let values = row[..length * width].to_vec();
            Sequence::Frames(Frames::new(width, values).expect("whole frames"))
        }
        _ => Sequence::Tokens(row[..length].iter().map(|&token| token as u32).collect()),
    };
    rows.map(sequence).collect()
}

fn tokens(weights: &Weights) -> Vec<i32> {
    weights.values.iter().map(|&value| value as i32).collect()
}

fn families() -> impl Iterator<Item = (&'static str, Architecture, Golden)> {
    let compared = |(name, _): &(&str, Architecture)| !UNCOMPARED.contains(name);
    let families = Architecture::families(VOCABULARY).into_iter().filter(compared);
    families.map(|(name, architecture)| (name, architecture, Golden::read(name)))
}

fn assert_close(what: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let pairs = found.iter().zip(expected);
    let worst = pairs.map(|(found, expected)| (found - expected).abs()).fold(0.0, f32::max);
    assert!(worst < TOLERANCE, "{what}: logits differ by up to {worst}");
}

#[test]
fn models_that_train_give_the_logits_of_other_code() {
    for (name, architecture, golden) in families() {
        let reads = architecture.encoder.is_some();
        let fresh = ModelConfig::new(architecture).init(&Initializer::new(Seed(1), &Device::default()));
        let model = with_weights(fresh, &golden.weights).unwrap_or_else(|error| panic!("{name}: {error}"));
        let rows = golden.source.shape[0];
        let source =
            reads.then(|| Source { input: input(&model, &golden.source), lengths: golden.lengths.clone() });
        let target = model.tokens(tokens(&golden.target), rows);
        let hidden = model.forward(0, source, target, &mut Pass::evaluation());
        let logits: Vec<f32> = model.logits(0, hidden).into_data().try_into_vec().expect("32-bit floats");
        assert_close(name, &logits, &golden.logits.values);
    }
}

struct Named(BTreeMap<String, Weights>);

impl Parameters for Named {
    fn get(&self, name: &str) -> Option<Parameter<'_>> {
        self.0.get(name).map(|Weights { shape, values }| Parameter { shape, values })
    }
}

#[test]
fn the_engine_gives_the_logits_of_other_code() {
    for (name, architecture, golden) in families() {
        let named = Named(golden.weights);
        let engine = Engine::new(&architecture, &named, Precision::Float32)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let sources = sequences(&golden.source, &golden.lengths);
        let sources: Vec<&Sequence> = sources.iter().collect();
        let mut stepper = EngineStepper::new(&engine, 0, &sources, &Cancellation::default());
        let (target, positions) = (tokens(&golden.target), golden.target.shape[1]);
        for position in 0..positions {
            let column: Vec<u32> = target.chunks(positions).map(|row| row[position] as u32).collect();
            let Ok(found) = stepper.step(&column);
            let rows = golden.logits.values.chunks(positions * VOCABULARY);
            let expected = rows.flat_map(|row| &row[position * VOCABULARY..][..VOCABULARY]);
            let expected: Vec<f32> = expected.copied().collect();
            assert_close(&format!("{name}, position {position}"), &found, &expected);
        }
    }
}

/// The attention of a pass of the model, as the engine keeps it.
fn attention_of(pass: Pass) -> Vec<AttentionWeights> {
    let kept = |kept: &any2any_model::AttentionWeights| {
        let [_, heads, queries, keys] = kept.weights.dims();
        let (layer, stack) = (kept.place.layer, kept.place.stack);
        let place = Place { stack, layer, cross: kept.place.kind == AttentionKind::CrossAttention };
        let weights = kept.weights.clone().into_data().try_into_vec().expect("32-bit floats");
        AttentionWeights { place, heads, queries, keys, weights }
    };
    pass.into_trace().attention().iter().map(kept).collect()
}

/// With nothing taken away, with positions of both sides hidden, and with a head of every kind silenced.
fn ablations(attention: &[AttentionWeights]) -> Vec<Ablations> {
    let silenced = attention.iter().map(|layer| (layer.place, layer.heads - 1)).collect();
    vec![
        Ablations::default(),
        Ablations { hidden: vec![1], hidden_target: vec![0, 2], silenced: Vec::new() },
        Ablations { silenced, ..Ablations::default() },
    ]
}

#[test]
fn a_look_of_the_engine_says_what_the_model_says() {
    for (name, architecture, golden) in families() {
        let reads = architecture.encoder.is_some();
        let fresh =
            ModelConfig::new(architecture.clone()).init(&Initializer::new(Seed(1), &Device::default()));
        let model = with_weights(fresh, &golden.weights).unwrap_or_else(|error| panic!("{name}: {error}"));
        let engine = Engine::new(&architecture, &Named(golden.weights.clone()), Precision::Float32)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let source = sequences(&golden.source, &golden.lengths).swap_remove(0);
        let target: Vec<u32> =
            tokens(&golden.target)[..golden.target.shape[1]].iter().map(|&token| token as u32).collect();
        let given = reads.then_some(&source);
        let plain = engine.look(0, given, (target[0], &target[1..]), &Ablations::default());
        for ablations in ablations(&plain.attention) {
            let found = engine.look(0, given, (target[0], &target[1..]), &ablations);
            let place = |place: &Place| any2any_model::Place {
                stack: place.stack,
                layer: place.layer,
                kind: if place.cross { AttentionKind::CrossAttention } else { AttentionKind::SelfAttention },
            };
            let silenced = ablations.silenced.iter().map(|(at, head)| (place(at), *head)).collect();
            let hidden_source = if reads { vec![ablations.hidden.clone()] } else { Vec::new() };
            let mut pass = Pass::traced()
                .hiding(hidden_source, vec![ablations.hidden_target.clone()])
                .ablating(silenced);
            let input = |sequence: &Sequence| match sequence {
                Sequence::Tokens(tokens) => {
                    model.tokens(tokens.iter().map(|&token| token as i32).collect(), 1)
                }
                Sequence::Frames(frames) => {
                    let data = TensorData::new(frames.values().to_vec(), [1, frames.len(), frames.width()]);
                    Input::Frames(Tensor::from_data(data, &Device::default()))
                }
            };
            let source = given.map(|source| Source { input: input(source), lengths: vec![source.len()] });
            let hidden = model.forward(0, source, input(&Sequence::Tokens(target.clone())), &mut pass);
            let logits: Vec<f32> = model.logits(0, hidden).into_data().try_into_vec().expect("32-bit floats");
            let what = format!("{name}, {ablations:?}");
            assert_close(&what, &found.logits, &logits);
            let expected = attention_of(pass);
            assert_eq!(found.attention.len(), expected.len(), "{what}");
            for (found, expected) in found.attention.iter().zip(&expected) {
                assert_eq!(found.place, expected.place, "{what}");
                let shape = |layer: &AttentionWeights| [layer.heads, layer.queries, layer.keys];
                assert_eq!(shape(found), shape(expected), "{what}, {:?}", found.place);
                assert_close(&format!("{what}, {:?}", found.place), &found.weights, &expected.weights);
            }
        }
    }
}
