//! Small models of every kind with weights that are drawn, and a source and a target for each.

use any2any_adapter::{FrameCount, Registry, Seed, Value};
use any2any_data::DataRoot;
use any2any_inspect::ReadSource;
use any2any_run::fresh_model;
use any2any_run::parameters::{weights, with_weights};
use any2any_train::{Prepared, prepare};
use any2any_translate::Translator;
use burn::tensor::Device;

use crate::waves::Waves;

/// A model at work on one pair.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) translator: Translator,
    pub(crate) source: Option<ReadSource>,
    /// Without begin and end.
    pub(crate) tokens: Vec<u32>,
}

const TRANSFORMER: &str = "d_model: 16, d_ff: 24, heads: 4, encoder_layers: 2, decoder_layers: 2";
const DECODER: &str = "d_model: 16, d_ff: 24, heads: 4, layers: 2";
const LSTM: &str = "d_model: 16, encoder_layers: 2, decoder_layers: 2";
const WORDS: &str = "tokenizer: { words: { vocab: 10, min_frequency: 1 } }";
const PAIRS: &str =
    "en\tde\twave\nthe dog sees a big cat\tder Hund sieht eine Katze da\t1 2 3 4 0.5 -1 2 1 3 -2\n";

/// Every model, on texts of different words.
pub(crate) fn texts() -> Vec<Case> {
    [
        ("transformer", TRANSFORMER, "norm: pre, positions: sinusoidal, activation: relu"),
        ("transformer", TRANSFORMER, "norm: post, positions: learned, activation: gelu"),
        (
            "transformer",
            TRANSFORMER,
            "norm: post, positions: rotary, activation: gelu, initialization: deep_norm",
        ),
        ("transformer", TRANSFORMER, "norm: pre, positions: alibi, activation: swiglu"),
        ("decoder_only", DECODER, "norm: pre, positions: rotary, activation: swiglu"),
        ("decoder_only", DECODER, "norm: post, positions: sinusoidal, activation: gelu"),
        ("lstm", LSTM, "attention: additive, bidirectional: true"),
        ("lstm", LSTM, "attention: dot, bidirectional: false"),
        ("lstm", LSTM, "attention: none"),
    ]
    .into_iter()
    .map(|(body, sizes, choices)| {
        let source = if body == "decoder_only" { "" } else { "source: { text: { field: en, WORDS } }," };
        let target = "target: { text: { field: de, WORDS } }";
        case(&format!("{body}: {{ {sizes}, {choices}"), &format!("{source} {target}"))
    })
    .collect()
}

/// Targets that have one token for every position of the source.
pub(crate) fn per_position() -> Vec<Case> {
    let task =
        "per_position: true, source: { text: { field: en, WORDS } }, target: { text: { field: de, WORDS } }";
    [format!("transformer: {{ {TRANSFORMER}"), format!("lstm: {{ {LSTM}, attention: additive")]
        .map(|body| case(&body, task))
        .into()
}

/// Frames that are read behind a convolution; tokens are written.
pub(crate) fn waves() -> Case {
    let task = "source: { waves: { field: wave } }, target: { text: { field: de, WORDS } }";
    case(&format!("transformer: {{ {TRANSFORMER}"), task)
}

/// Frames that are written until the model stops, and of a fixed number.
pub(crate) fn writing_frames() -> Vec<Case> {
    ["until", "fixed"]
        .map(|medium| {
            let task =
                format!("source: {{ waves: {{ field: wave }} }}, target: {{ {medium}: {{ field: wave }} }}");
            case(&format!("transformer: {{ {TRANSFORMER}"), &task)
        })
        .into()
}

/// Everything that writes tokens.
pub(crate) fn all() -> Vec<Case> {
    texts().into_iter().chain(per_position()).chain([waves()]).collect()
}

fn case(body: &str, task: &str) -> Case {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("pairs.tsv"), PAIRS).expect("writable");
    let experiment = format!(
        "name: small
tasks:
  task: {{ data: {{ files: {{ train: {{ tsv: {{ file: pairs.tsv }} }} }} }}, {} }}
model:
  {body}, dropout: 0.0, tied_embeddings: none }}
training: {{ steps: 1 }}
evaluation: {{ metrics: [] }}
",
        task.replace("WORDS", WORDS)
    );
    let registry = Registry::new()
        .with(any2any_text::Text)
        .with(Waves("waves", None))
        .with(Waves("until", Some(FrameCount::UntilStop { at_most: 5 })))
        .with(Waves("fixed", Some(FrameCount::Fixed(5))));
    let document = any2any_experiment::load_str("small.yaml", &experiment, folder.path(), &[], &registry)
        .unwrap_or_else(|problems| panic!("{problems}"));
    let prepared = prepare(&document, &registry, &DataRoot::at(folder.path()))
        .unwrap_or_else(|error| panic!("{experiment}: {error}"));
    let Prepared { experiment, adapters, tasks, .. } = prepared;
    let split = &tasks[0].train;
    let tokens = split.examples[0].target_tokens();
    let tokens = tokens[..tokens.len().saturating_sub(1)].to_vec();
    let source = split.sources.first().map(|value: &Value| {
        ReadSource::of(&adapters.tasks()[0], value).expect("what was prepared can be read")
    });

    let fresh = fresh_model(&experiment, &adapters, &Device::default());
    let mut drawn = weights(&fresh);
    let mut random = Seed(1).random("look", 0);
    for value in drawn.values_mut().flat_map(|weights| &mut weights.values) {
        *value += 0.1 * random.normal() as f32;
    }
    let model = with_weights(fresh, &drawn).expect("the same parameters");
    let translator = Translator::new(experiment, adapters, model);
    Case { name: format!("{body}, {task}"), translator, source, tokens }
}

impl Case {
    /// The case's translator with other weights.
    pub(crate) fn with(&self, change: impl Fn(&str, &mut [f32])) -> Translator {
        let mut changed = weights(self.translator.model());
        for (name, weights) in &mut changed {
            change(name, &mut weights.values);
        }
        let model = with_weights(self.translator.model().clone(), &changed).expect("the same parameters");
        Translator::new(self.translator.experiment.clone(), self.translator.adapters.clone(), model)
    }

    /// The number of positions of the encoder.
    pub(crate) fn positions(&self) -> usize {
        self.source.as_ref().map_or(0, |source| source.positions.len())
    }
}
