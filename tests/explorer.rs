//! The explorer's page in a headless Chromium: small runs of every medium are trained here, and the scripts of
//! `tests/browser` click through the page and hold what is drawn against the numbers of the JSON interface. TypeScript checks
//! the types that the page's modules state in JSDoc.
//!
//! Needs Node 20 and Chromium, so it runs when it is asked for:
//!
//! ```text
//! npm ci --prefix tests/browser
//! cargo test --workspace --test program explorer:: -- --ignored
//! ```

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::speech::long_recording;
use crate::support::documents::root;
use crate::support::media::{UNIVERSAL, fill, fill_prepared};
use crate::support::{LANGUAGE_MODEL, TRANSFORMER, Workshop, outside};

const LSTM: &str = "  lstm: { d_model: 32, encoder_layers: 1, decoder_layers: 1, dropout: 0.1 }";

/// A recurrent network whose decoder sees nothing but the last state of its encoder.
const BARE: &str =
    "  lstm: { d_model: 32, encoder_layers: 1, decoder_layers: 1, dropout: 0.1, attention: none }";

const TRAINING: &str = "  steps: 250
  label_smoothing: 0.0
evaluation: { metrics: [bleu], every: 50, keep_best: 5, show: 2 }
decoding: { beam: { size: 3 } }";

/// Sentences whose subject and verb stand up to 21 words apart.
const FAR: &str = "name: far
tasks:
  ask:
    data: { dataset: near.yaml, limit: { test: 300 } }
    source: { text: { field: statement, tokenizer: { words: { vocab: 120, shared: true } } } }
    target: { text: { field: question } }
model:
  transformer: { d_model: 32, d_ff: 64, heads: 4, encoder_layers: 1, decoder_layers: 1, dropout: 0.0 }
training: { steps: 40, batch: { tokens: 600 }, schedule: { constant: { peak: 5.0e-3, warmup: 1 } } }
decoding: { max_length: 8 }
evaluation: { metrics: [exact_match], every: 40, show: 0, decode_at_most: 20 }
";

const NEAR: &str = "name: near
description: Subject and verb are near each other in training.
licence: MIT OR Apache-2.0
generator:
  agreement: { pairs: 300, seed: 1, train_distances: { from: 2, to: 6 }, test_distances: { from: 2, to: 21 } }
";

/// A map of three rates and two sizes of batches.
const SWEEP: [&str; 6] = [
    "--over",
    "training.schedule.constant.peak=0.001..10:3:log",
    "--over",
    "training.batch.tokens=200,300",
    "--set",
    "training.steps=6",
];

/// The values between the page's modules have the types of their JSDoc.
#[test]
#[ignore = "needs Node and TypeScript; see the top of this file"]
fn the_page_s_types_agree() {
    let status = Command::new("npm")
        .args(["run", "--silent", "types"])
        .current_dir(scripts())
        .status()
        .expect("npm is installed");
    assert!(status.success(), "TypeScript says above where the page's types do not agree");
}

#[test]
#[ignore = "needs Node and Chromium; see the top of this file"]
fn a_person_clicks_through_the_page() {
    let workshop = Workshop::new();
    for (run, model) in [("text", TRANSFORMER), ("lstm", LSTM)] {
        workshop.experiment(model, TRAINING);
        workshop.succeed(&["train", "experiment.yaml", "--run", run]);
    }
    workshop.experiment(BARE, TRAINING);
    workshop.succeed(&["train", "experiment.yaml", "--run", "bare", "--set", "name=bare"]);
    workshop.experiment(TRANSFORMER, TRAINING);
    workshop.succeed(&[&["sweep", "experiment.yaml", "--run", "map"], SWEEP.as_slice()].concat());
    workshop.write("near.yaml", NEAR);
    workshop.write("far.yaml", FAR);
    workshop.succeed(&["train", "far.yaml", "--run", "far"]);
    workshop.write("write.yaml", LANGUAGE_MODEL);
    workshop.succeed(&["train", "write.yaml", "--run", "write"]);
    fill(&workshop);
    workshop.write("universal.yaml", UNIVERSAL);
    workshop.succeed(&["train", "universal.yaml", "--run", "media", "--set", "training.steps=500"]);

    fill_prepared(&workshop);
    workshop.succeed(&["train", "prepared.yaml", "--run", "prepared"]);

    let model = root().join("tests/pretrained/whisper").display().to_string();
    workshop.succeed(&["import", &model, "--run", "hears"]);
    std::fs::write(workshop.path("long.wav"), long_recording()).expect("written");
    let spoken = spoken(&workshop);

    let status = Command::new("node")
        .args(["--test", "--test-concurrency=1"])
        .current_dir(scripts())
        .envs(spoken.map(|recording| ("SPOKEN", recording)))
        .env("ANY2ANY", env!("CARGO_BIN_EXE_any2any"))
        .env("WORKSHOP", workshop.path(""))
        .env_remove("ANY2ANY_DATA")
        .status()
        .expect("Node is installed");
    assert!(status.success(), "the scripts of tests/browser say what is wrong");
}

/// The run `whisper`, of Whisper tiny.en, and a recording for it, where they lie outside of the repository.
fn spoken(workshop: &Workshop) -> Option<PathBuf> {
    let model = outside::models("whisper-tiny-en")?;
    let recording = outside::models("speech/beckett.wav")?;
    workshop.succeed(&["import", &model.display().to_string(), "--run", "whisper"]);
    Some(recording)
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/browser")
}
