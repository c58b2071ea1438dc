//! The engine beside the model that it is made from: every choice of body, the same scores and hypotheses.

use std::collections::BTreeMap;

use any2any_adapter::{Cancellation, Convolution, Frames, Random, Seed, Sequence};
use any2any_architecture::{
    Activation, Architecture, Entry, Head, Initialization, LstmAttention, LstmLayers, NormPlacement,
    Positions, Stack, Stem, TaskParts,
};
use any2any_inference::{Engine, EngineError, EngineStepper, Parameter, Parameters, Precision};
use any2any_model::{Initializer, Input, Model, ModelConfig, ModelStepper, Pass, Source};
use any2any_run::Weights;
use any2any_run::parameters::{weights, with_weights};
use any2any_search::{Answer, Beam, Hypothesis, SearchOptions, SourceRow, Stepper, Strategy, Wanted, search};
use burn::tensor::{Device, Tensor, TensorData};

const VOCABULARY: usize = 61;
const TOLERANCE: f32 = 1e-4;
const BEGIN: u32 = 2;
const END: u32 = 3;

struct Named(BTreeMap<String, Weights>);

impl Parameters for Named {
    fn get(&self, name: &str) -> Option<Parameter<'_>> {
        self.0.get(name).map(|Weights { shape, values }| Parameter { shape, values })
    }
}

/// Every combination of choices that an experiment has, and small models of well-known families, by a name for
/// failures.
fn architectures() -> Vec<(String, Architecture)> {
    let mut all = Vec::new();
    for norm in [NormPlacement::Pre, NormPlacement::Post] {
        for positions in [
            Positions::SINUSOIDAL,
            Positions::Learned { limit: 6, offset: 0 },
            Positions::Rotary,
            Positions::Alibi,
        ] {
            for activation in [Activation::Relu, Activation::Gelu, Activation::Swiglu] {
                for initialization in [Initialization::Xavier, Initialization::DeepNorm] {
                    let (d_model, heads) = [(16, 4), (40, 2), (64, 2)][all.len() / 2 % 3];
                    let stack = |layers, residual_scale| {
                        let stack = Stack::of_transformer(d_model, 24, heads, layers).normalised(norm);
                        let stack = stack.with(|layers| {
                            layers.feed_forward.activation = activation;
                            layers.residual_scale = residual_scale;
                        });
                        Stack { positions, ..stack }
                    };
                    let name = format!("{norm:?} {positions:?} {activation:?} {initialization:?} {d_model}");
                    let encoder = stack(2, initialization.encoder(2, 3).residual_scale);
                    let decoder = stack(3, initialization.decoder(3).residual_scale).attending();
                    let number = all.len();
                    all.push((format!("transformer {name}"), around(number, Some(encoder), decoder)));
                    let alone = stack(3, initialization.decoder_only(3).residual_scale);
                    all.push((format!("decoder-only {name}"), around(number + 1, None, alone)));
                }
            }
        }
    }
    for (name, family) in Architecture::families(VOCABULARY) {
        all.push((name.to_owned(), family));
    }
    all
}

/// One of the ways to put entrances, exits and tasks around stacks.
fn around(number: usize, encoder: Option<Stack>, decoder: Stack) -> Architecture {
    let d_model = decoder.d_model;
    let lookup = || Stem::lookup(VOCABULARY, d_model);
    let first = match number % 5 {
        0 => Stem::Projection { width: 5 },
        1 => {
            let layers = [(3, 2), (5, 1), (1, 2)].map(|(kernel, stride)| Convolution { kernel, stride });
            Stem::Convolution { width: 5, layers: layers.into() }
        }
        _ => lookup(),
    };
    let source = encoder.is_some().then_some(0);
    let task = |head: usize| TaskParts { name: format!("{head}"), source, target: 1, head, alignment: None };
    Architecture {
        encoder_blocks: Vec::new(),
        encoder,
        decoder,
        stems: vec![Entry::new("a.source", first), Entry::new("a.target", lookup())],
        heads: vec![
            Entry::new("a.target", Head::softmax(VOCABULARY, Some(1))),
            Entry::new("b.target", Head::softmax(VOCABULARY, None)),
            Entry::new("c.target", Head::Frames { width: 3, stops: true }),
        ],
        alignments: vec![Entry::new("a.target", VOCABULARY); number % 2],
        tasks: if number.is_multiple_of(3) { vec![task(0)] } else { vec![task(0), task(1)] },
    }
}

/// A model none of whose parameters is left at the value that training starts with.
fn random_model(architecture: &Architecture, random: &mut Random) -> Model {
    let fresh = ModelConfig::new(architecture.clone()).init(&Initializer::new(Seed(5), &Device::default()));
    let mut values = weights(&fresh);
    for value in values.values_mut().flat_map(|weights| &mut weights.values) {
        *value += 0.1 * random.normal() as f32;
    }
    with_weights(fresh, &values).expect("the same parameters")
}

fn engine(architecture: &Architecture, model: &Model) -> Engine {
    Engine::new(architecture, &Named(weights(model)), Precision::Float32).expect("a transformer")
}

/// Sources of different lengths, of the kind that the model's first stem reads.
fn sources(architecture: &Architecture, random: &mut Random) -> Vec<Sequence> {
    let Some(stem) = architecture.tasks[0].source else { return Vec::new() };
    let sequence = |length: usize| match architecture.stems[stem].part {
        Stem::Lookup { .. } => {
            Sequence::Tokens((0..length).map(|_| random.below(VOCABULARY) as u32).collect())
        }
        Stem::Projection { width } | Stem::Convolution { width, .. } | Stem::ClassTokens { width, .. } => {
            let values = (0..length * width).map(|_| random.normal() as f32).collect();
            Sequence::Frames(Frames::new(width, values).expect("whole frames"))
        }
    };
    [9, 1, 17, 4].map(sequence).into()
}

/// Sources, padded, as the model takes them in.
fn padded(sources: &[Sequence]) -> Option<Source> {
    let lengths: Vec<usize> = sources.iter().map(Sequence::len).collect();
    let (rows, longest) = (sources.len(), lengths.iter().copied().max()?);
    let device = Device::default();
    let input = match &sources[0] {
        Sequence::Tokens(_) => {
            let row = |tokens: &[u32]| {
                let mut row: Vec<i32> = tokens.iter().map(|&token| token as i32).collect();
                row.resize(longest, 0);
                row
            };
            let values: Vec<i32> = sources.iter().filter_map(Sequence::tokens).flat_map(row).collect();
            Input::Tokens(Tensor::from_data(TensorData::new(values, [rows, longest]), &device))
        }
        Sequence::Frames(first) => {
            let width = first.width();
            let row = |sequence: &Sequence| match sequence {
                Sequence::Frames(frames) => {
                    let mut row = frames.values().to_vec();
                    row.resize(longest * width, 0.0);
                    row
                }
                Sequence::Tokens(_) => Vec::new(),
            };
            let values: Vec<f32> = sources.iter().flat_map(row).collect();
            Input::Frames(Tensor::from_data(TensorData::new(values, [rows, longest, width]), &device))
        }
    };
    Some(Source { input, lengths })
}

fn log_sum(logits: &[f32]) -> f64 {
    logits.iter().map(|&logit| f64::from(logit).exp()).sum::<f64>().ln()
}

#[test]
fn each_step_gives_the_models_scores_whatever_rows_are_kept() {
    let mut random = Seed(1).random("engine", 0);
    for (name, config) in architectures() {
        let model = random_model(&config, &mut random);
        let engine = engine(&config, &model);
        let task = config.tasks.len() - 1;
        let sources = sources(&config, &mut random);
        let mut reference = ModelStepper::new(&model, task, padded(&sources), &mut Pass::evaluation());
        let together: Vec<&Sequence> = sources.iter().collect();
        let mut stepper = EngineStepper::new(&engine, task, &together, &Cancellation::default());
        let mut rows = 4;
        for step in 0..9 {
            let tokens: Vec<u32> = (0..rows).map(|_| random.below(VOCABULARY) as u32).collect();
            let Ok(expected) = reference.step(&tokens);
            if step % 2 == 0 {
                let Ok(found) = stepper.step(&tokens);
                for (found, expected) in found.iter().zip(&expected) {
                    assert!((found - expected).abs() < TOLERANCE, "{name}, step {step}: {found} {expected}");
                }
            } else {
                let wanted = Wanted { count: 6, end: END, forbidden: &[0, 1] };
                let Ok(Answer::Best(found)) = stepper.rank(&tokens, &wanted) else {
                    panic!("an engine ranks by itself")
                };
                assert_eq!(found.len(), rows);
                for (found, expected) in found.iter().zip(expected.chunks_exact(VOCABULARY)) {
                    assert!((found.log_sum - log_sum(expected)).abs() < f64::from(TOLERANCE), "{name}");
                    assert!((found.end - expected[END as usize]).abs() < TOLERANCE, "{name}");
                    let mut order: Vec<u32> = (0..VOCABULARY as u32).collect();
                    order.retain(|token| ![0, 1, END].contains(token));
                    order.sort_by(|&a, &b| expected[b as usize].total_cmp(&expected[a as usize]));
                    assert_eq!(found.tokens.len(), 6);
                    for (best, &token) in found.tokens.iter().zip(&order) {
                        assert!((best.logit - expected[token as usize]).abs() < TOLERANCE, "{name}");
                        assert!((best.logit - expected[best.token as usize]).abs() < TOLERANCE, "{name}");
                    }
                }
            }
            // Some rows go, some are doubled; rows of one source stay together.
            let mut kept: Vec<usize> = (0..rows).flat_map(|row| vec![row; random.below(3)]).collect();
            kept.truncate(40);
            kept = if kept.is_empty() { vec![rows - 1] } else { kept };
            let (Ok(()), Ok(())) = (reference.select(&kept), stepper.select(&kept));
            rows = kept.len();
        }
    }
}

#[test]
fn searches_find_what_the_model_finds() {
    let mut random = Seed(2).random("engine", 0);
    for (name, config) in architectures() {
        let model = random_model(&config, &mut random);
        let engine = engine(&config, &model);
        let sources = sources(&config, &mut random);
        let count = sources.len().max(2);
        let rows: Vec<SourceRow> = (0..count)
            .map(|id| SourceRow { id: id as u64, prefix: vec![], min_length: 2, max_length: 12 })
            .collect();
        let beam = Strategy::Beam(Beam { size: 5, n_best: 3, ..Beam::default() });
        for (strategy, no_repeat_ngram) in [(Strategy::Greedy, 0), (beam.clone(), 0), (beam, 2)] {
            let options = SearchOptions { strategy, no_repeat_ngram, ..SearchOptions::default() };
            let find = |stepper: &mut dyn Steps, rows: &[SourceRow]| stepper.find(rows, &options);
            let reference = &mut ModelStepper::new(&model, 0, padded(&sources), &mut Pass::evaluation());
            let expected = find(reference, &rows);
            let together: Vec<&Sequence> = sources.iter().collect();
            let found = find(&mut EngineStepper::new(&engine, 0, &together, &Cancellation::default()), &rows);
            for (row, (found, expected)) in found.iter().zip(&expected).enumerate() {
                assert_eq!(found.len(), expected.len(), "{name}, source {row}");
                for (found, expected) in found.iter().zip(expected) {
                    assert_eq!(found.tokens, expected.tokens, "{name}, source {row}");
                    let difference = (found.log_probability - expected.log_probability).abs();
                    assert!(difference < f64::from(TOLERANCE), "{name}, source {row}: {difference}");
                }
            }
            for (row, expected) in found.iter().enumerate() {
                let alone: &[&Sequence] = if together.is_empty() { &[] } else { &together[row..=row] };
                let alone = find(
                    &mut EngineStepper::new(&engine, 0, alone, &Cancellation::default()),
                    &rows[row..=row],
                );
                assert_eq!(alone[0], *expected, "{name}, source {row} alone: bit for bit");
            }
        }
    }
}

/// Search over either stepper.
trait Steps {
    fn find(&mut self, rows: &[SourceRow], options: &SearchOptions) -> Vec<Vec<Hypothesis>>;
}

impl<S: Stepper> Steps for S {
    fn find(&mut self, rows: &[SourceRow], options: &SearchOptions) -> Vec<Vec<Hypothesis>> {
        search(self, rows, BEGIN, END, &[0, 1, BEGIN], options).expect("a valid search")
    }
}

/// Rounding changes the logits, but little: the length of the difference is a small part of theirs.
#[test]
fn eight_bits_stay_close_to_the_model() {
    let mut random = Seed(6).random("engine", 0);
    for (name, config) in architectures() {
        let model = random_model(&config, &mut random);
        let sources = sources(&config, &mut random);
        let together: Vec<&Sequence> = sources.iter().collect();
        let exact = engine(&config, &model);
        let rounded = Engine::new(&config, &Named(weights(&model)), Precision::Int8).expect("a transformer");
        let mut exact = EngineStepper::new(&exact, 0, &together, &Cancellation::default());
        let mut rounded = EngineStepper::new(&rounded, 0, &together, &Cancellation::default());
        let (mut error, mut total) = (0.0, 0.0);
        for _ in 0..4 {
            let tokens: Vec<u32> = (0..4).map(|_| random.below(VOCABULARY) as u32).collect();
            let (Ok(expected), Ok(found)) = (exact.step(&tokens), rounded.step(&tokens));
            for (found, expected) in found.iter().zip(&expected) {
                error += (found - expected).powi(2);
                total += expected.powi(2);
            }
        }
        let relative = (error / total).sqrt();
        assert!(relative > 0.0 && relative < 0.1, "{name}: {relative}");
    }
}

#[test]
fn what_is_no_transformer_or_not_whole_has_no_engine() {
    let lstm =
        |bidirectional, attention| Stack::of_lstm(8, LstmLayers { layers: 1, bidirectional, attention });
    let encoder = lstm(true, LstmAttention::None);
    let recurrent = Architecture::of_text(Some(encoder), lstm(false, LstmAttention::Additive), VOCABULARY);
    let model = random_model(&recurrent, &mut Seed(3).random("engine", 0));
    let error = Engine::new(&recurrent, &Named(weights(&model)), Precision::Float32);
    assert!(matches!(error, Err(EngineError::Recurrent)));

    let (_, config) = architectures().swap_remove(2);
    let whole = weights(&random_model(&config, &mut Seed(3).random("engine", 1)));
    for name in whole.keys() {
        let mut broken = whole.clone();
        broken.remove(name);
        let error =
            Engine::new(&config, &Named(broken), Precision::Float32).expect_err("a parameter is missing");
        assert!(error.to_string().contains(name.as_str()), "{error}");
        let mut broken = whole.clone();
        broken.get_mut(name).expect("one of its names").shape.push(1);
        let error = Engine::new(&config, &Named(broken), Precision::Float32).expect_err("another shape");
        assert!(error.to_string().contains("expected"), "{error}");
    }
}
