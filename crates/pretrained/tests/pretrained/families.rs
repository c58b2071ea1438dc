//! Each family gives the logits of transformers, and writes what it writes.

use std::collections::{BTreeMap, BTreeSet};

use any2any_adapter::{Cancellation, Sequence};
use any2any_inference::{Engine, EngineStepper, Parameter, Parameters, Precision};
use any2any_pretrained::{EarlyStopping, Family, LeftOut, Pretrained, Tensor, read};
use any2any_search::Stepper;

use crate::golden::{Golden, MODELS, folder, golden};

const TOLERANCE: f32 = 1e-4;

/// Weights by name.
pub(crate) struct Named<'a>(pub(crate) &'a BTreeMap<String, Tensor>);

impl Parameters for Named<'_> {
    fn get(&self, name: &str) -> Option<Parameter<'_>> {
        self.0.get(name).map(|Tensor { shape, values }| Parameter { shape, values })
    }
}

fn pretrained(model: &str) -> Pretrained {
    read(&folder(model)).unwrap_or_else(|error| panic!("{model}: {error}"))
}

fn engine(model: &str, pretrained: &Pretrained) -> Engine {
    let engine = Engine::new(&pretrained.architecture, &Named(&pretrained.weights), Precision::Float32);
    engine.unwrap_or_else(|error| panic!("{model}: {error}"))
}

#[test]
fn logits_are_those_of_transformers() {
    for model in MODELS {
        let pretrained = pretrained(model);
        let engine = engine(model, &pretrained);
        let Golden { sources, targets, logits, .. } = golden(model);
        let sources: Vec<Sequence> = sources.iter().map(|source| source.sequence()).collect();
        let sources: Vec<&Sequence> = sources.iter().collect();
        let mut stepper = EngineStepper::new(&engine, 0, &sources, &Cancellation::default());
        let mut worst = 0.0_f32;
        for position in 0..targets[0].len() {
            let tokens: Vec<u32> = targets.iter().map(|target| target[position]).collect();
            let Ok(found) = stepper.step(&tokens);
            let expected: Vec<f32> = logits.iter().flat_map(|row| &row[position]).copied().collect();
            assert_eq!(found.len(), expected.len(), "{model}");
            let pairs = found.iter().zip(&expected);
            worst = pairs.map(|(found, expected)| (found - expected).abs()).fold(worst, f32::max);
        }
        println!("{model}: logits differ by up to {worst:e}");
        assert!(worst < TOLERANCE, "{model}: logits differ by up to {worst}");
    }
}

/// The best tokens, one after the other, in the way of transformers.
fn greedy(pretrained: &Pretrained, engine: &Engine, input: &Sequence) -> Vec<u32> {
    let tokens = &pretrained.tokens;
    let most = pretrained.decoding.max_length.expect("make.py gives one");
    let reads = pretrained.architecture.encoder.is_some();
    let (sources, mut written) = match input {
        Sequence::Tokens(beginning) if !reads => (vec![], beginning.clone()),
        input => (vec![input], vec![tokens.decoder_start.expect("make.py gives one")]),
    };
    let first = written.len();
    let mut stepper = EngineStepper::new(engine, 0, &sources, &Cancellation::default());
    for &token in &written[..first - 1] {
        let Ok(_) = stepper.step(&[token]);
    }
    while written.len() < most {
        let Ok(logits) = stepper.step(&[*written.last().expect("it begins with one")]);
        let at_begin = written.len() == first;
        let hidden = |token: u32| {
            tokens.suppressed.contains(&token) || at_begin && tokens.begin_suppressed.contains(&token)
        };
        let allowed = logits.iter().enumerate().filter(|(token, _)| !hidden(*token as u32));
        let best = allowed.max_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(token, _)| token as u32);
        let best = best.expect("some token is allowed");
        written.push(match (tokens.forced_begin, tokens.forced_end.first()) {
            (Some(begin), _) if at_begin => begin,
            (_, Some(&end)) if written.len() == most - 1 => end,
            _ => best,
        });
        if tokens.end.contains(written.last().expect("one was pushed")) {
            break;
        }
    }
    written
}

#[test]
fn what_is_written_greedily_is_what_transformers_writes() {
    for model in MODELS {
        let pretrained = pretrained(model);
        let engine = engine(model, &pretrained);
        let Golden { inputs, outputs, .. } = golden(model);
        for (number, (input, expected)) in inputs.iter().zip(&outputs).enumerate() {
            let found = greedy(&pretrained, &engine, &input.sequence());
            assert_eq!(&found, expected, "{model}, input {number}");
        }
    }
}

#[test]
fn every_parameter_has_a_tensor_and_every_tensor_a_place() {
    for model in MODELS {
        let pretrained = pretrained(model);
        pretrained.architecture.check().unwrap_or_else(|error| panic!("{model}: {error}"));
        let parameters = pretrained.architecture.parameters();
        assert_eq!(parameters.len(), pretrained.weights.len(), "{model}");
        for parameter in parameters {
            let tensor = &pretrained.weights[&parameter.name];
            assert_eq!(tensor.shape, parameter.shape, "{model}: {}", parameter.name);
            assert_eq!(
                tensor.values.len(),
                tensor.shape.iter().product::<usize>(),
                "{model}: {}",
                parameter.name
            );
        }
        let became: Vec<&String> = pretrained.parts.iter().flat_map(|part| &part.ours).collect();
        let distinct: BTreeSet<&String> = became.iter().copied().collect();
        assert_eq!(distinct.len(), pretrained.weights.len(), "{model}");
        // One for each, but for class tokens that stand together here, and a projection that is a part of several maps.
        let shared = match model {
            "vision_trocr_sines" => 1,
            "vision_gpt2" => 2 * pretrained.architecture.decoder.layers() * 2,
            _ => 0,
        };
        assert_eq!(became.len(), distinct.len() + shared, "{model}");
        for part in &pretrained.parts {
            assert_eq!(part.ours.is_empty(), part.left_out.is_some(), "{model}: {}", part.theirs);
        }
    }
}

/// Stems and heads are called as an experiment's are: by the task and side that use them first.
#[test]
fn tables_that_are_shared_stand_once() {
    for (model, stems, tied) in [
        ("bart", &["translate.source"][..], Some(0)),
        ("marian_apart", &["translate.source", "translate.target"], Some(1)),
        ("t5_gated", &["translate.source"], None),
        ("gpt2", &["complete.target"], Some(0)),
        ("vision_trocr", &["translate.source", "translate.target"], Some(1)),
        ("vision_trocr_sines", &["translate.source", "translate.target"], None),
        ("whisper", &["translate.source", "translate.target"], Some(1)),
    ] {
        let architecture = pretrained(model).architecture;
        let names: Vec<&str> = architecture.stems.iter().map(|stem| stem.name.as_str()).collect();
        assert_eq!(names, stems, "{model}");
        assert_eq!(architecture.heads[0].part.tied(), tied, "{model}");
        assert_eq!(architecture.heads.len(), 1, "{model}");
    }
}

#[test]
fn roles_and_defaults_are_as_given() {
    let marian = pretrained("marian");
    assert_eq!((marian.family, marian.family.to_string()), (Family::Marian, "Marian".to_owned()));
    assert_eq!(marian.positions, Some(32));
    let tokens = &marian.tokens;
    assert_eq!((tokens.decoder_start, tokens.padding, &tokens.end[..]), (Some(39), Some(39), &[0][..]));
    assert_eq!((&tokens.suppressed[..], &tokens.forced_end[..]), (&[39][..], &[0][..]));
    assert_eq!((tokens.begin, tokens.forced_begin), (None, None));
    let decoding = &marian.decoding;
    assert_eq!((decoding.num_beams, decoding.length_penalty), (Some(4), Some(0.8)));
    assert_eq!((decoding.max_length, decoding.early_stopping), (Some(14), Some(EarlyStopping::Finished)));

    assert_eq!(pretrained("m2m_100").decoding.early_stopping, Some(EarlyStopping::Impossible));
    assert_eq!(pretrained("mbart").tokens.forced_begin, Some(7));
    let whisper = pretrained("whisper").tokens;
    assert_eq!((&whisper.suppressed[..], &whisper.begin_suppressed[..]), (&[5, 6, 11][..], &[2, 8][..]));
}

#[test]
fn sines_of_a_file_are_left_out_once_they_are_compared() {
    let left_out = |model: &str| -> Vec<(String, LeftOut)> {
        let parts = pretrained(model).parts.into_iter();
        parts.filter_map(|part| Some((part.theirs, part.left_out?))).collect()
    };
    let sinusoidal = |name: &str| (name.to_owned(), LeftOut::Sinusoidal);
    assert_eq!(left_out("whisper"), [sinusoidal("model.encoder.embed_positions.weight")]);
    assert_eq!(
        left_out("pegasus"),
        [
            sinusoidal("model.encoder.embed_positions.weight"),
            sinusoidal("model.decoder.embed_positions.weight")
        ]
    );
}
