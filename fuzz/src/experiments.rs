//! Targets of experiments: YAML files, overrides, and lists of metrics.

use std::path::PathBuf;
use std::sync::OnceLock;

use any2any_adapter::Registry;
use any2any_experiment::{load_run, load_str, read_metrics};

use crate::{Target, scratch, tokens};

pub(crate) fn targets() -> Vec<Target> {
    vec![
        Target::new("experiment", tokens::YAML, experiments, experiment),
        Target::new("experiment_override", tokens::YAML, overrides, with_override),
        Target::new("experiment_metrics", tokens::YAML, metric_lists, metric_list),
    ]
}

pub(crate) const EXPERIMENT: &str = "name: small
tasks:
  translate:
    data:
      files:
        train: { parallel: { en: train.en, de: train.de } }
        validation: { parallel: { en: train.en, de: train.de } }
    source: { text: { field: en, tokenizer: { characters: {} } } }
    target: { text: { field: de, tokenizer: { characters: {} } } }
model:
  transformer: { d_model: 8, d_ff: 8, heads: 2, encoder_layers: 1, decoder_layers: 1 }
training:
  steps: 2
  batch: { tokens: 100 }
  schedule: { constant: { peak: 1.0e-3 } }
evaluation: { metrics: [bleu], every: 2, show: 0 }
decoding: { beam: { size: 2 } }
";

/// The media that ship with any2any.
pub(crate) fn media() -> Registry {
    Registry::new()
        .with(any2any_text::Text)
        .with(any2any_image::Image)
        .with(any2any_audio::Audio)
        .with(any2any_eeg::Eeg)
        .with(any2any_arrays::Frames)
        .with(any2any_arrays::Tokens)
}

/// The folder of the data, and of a file to extend.
pub(crate) fn data() -> PathBuf {
    scratch::write("small/train.en", "a dog sees a house .\nthe dog\n".repeat(8).as_bytes());
    scratch::write("small/train.de", "ein hund sieht ein haus .\nder hund\n".repeat(8).as_bytes());
    scratch::write("small/base.yaml", EXPERIMENT.as_bytes());
    scratch::path("small")
}

fn experiments() -> Vec<Vec<u8>> {
    let extending = "extends: base.yaml\ntraining: &t { steps: 3 }\nseed: 5\n";
    let anchors = EXPERIMENT.replace("train: { parallel: {", "train: &files { parallel: {");
    let anchors =
        anchors.replace("validation: { parallel: { en: train.en, de: train.de } }", "validation: *files");
    let media = EXPERIMENT.replace(
        "source: { text: { field: en, tokenizer: { characters: {} } } }",
        "source: { image: { field: en, size: { height: 8 }, patches: { width: 2 } } }",
    );
    vec![EXPERIMENT.into(), extending.into(), anchors.into(), media.into()]
}

fn experiment(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    loads(text, &[])
}

/// True if an experiment loads; its resolved form then loads too, and resolves to itself.
fn loads(text: &str, overrides: &[String]) -> bool {
    static DATA: OnceLock<PathBuf> = OnceLock::new();
    let folder = DATA.get_or_init(data);
    match load_str("small.yaml", text, folder, overrides, &media()) {
        Err(problems) => {
            let said = problems.to_string();
            assert!(!said.is_empty() && said.len() < 1 << 20, "{} bytes of problems", said.len());
            false
        }
        Ok(document) => {
            let resolved = document.resolved_yaml();
            let again = load_run("resolved.yaml", &resolved, folder, &media());
            let again = again.unwrap_or_else(|problems| panic!("{problems}\nof\n{resolved}"));
            assert_eq!(again.resolved_yaml(), resolved);
            std::hint::black_box((document.settings(), document.portable_yaml(folder)));
            true
        }
    }
}

fn overrides() -> Vec<Vec<u8>> {
    ["training.steps=100", "model.transformer.d_model=16", "evaluation.metrics=[bleu, chrf]", "seed=1"]
        .map(|text| text.as_bytes().to_vec())
        .to_vec()
}

fn with_override(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| loads(EXPERIMENT, &[text.to_owned()]))
}

fn metric_lists() -> Vec<Vec<u8>> {
    vec![b"bleu, chrf".to_vec(), b"bleu: { tokenize: zh }".to_vec()]
}

fn metric_list(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| read_metrics(text, &Registry::new()).is_ok())
}
