//! The explorer's page in a headless Chromium: small runs of every medium are trained here, and the scripts of
//! `tests/browser` click through the page and hold what is drawn against the numbers of the JSON interface.
//!
//! Needs Node 20 and Chromium, so it runs when it is asked for:
//!
//! ```text
//! npm ci --prefix tests/browser
//! cargo test -p any2any-cli --test explorer -- --ignored
//! ```

mod support;

use std::path::Path;
use std::process::Command;

use support::media::{UNIVERSAL, fill};
use support::{TRANSFORMER, Workshop};

const LSTM: &str = "  lstm: { d_model: 32, encoder_layers: 1, decoder_layers: 1, dropout: 0.1 }";

const TRAINING: &str = "  steps: 250
  label_smoothing: 0.0
evaluation: { metrics: [bleu], every: 50, keep_best: 5, show: 2 }
decoding: { beam: { size: 3 } }";

#[test]
#[ignore = "needs Node and Chromium; see the top of this file"]
fn a_person_clicks_through_the_page() {
    let workshop = Workshop::new();
    for (run, model) in [("text", TRANSFORMER), ("lstm", LSTM)] {
        workshop.experiment(model, TRAINING);
        workshop.succeed(&["train", "experiment.yaml", "--run", run]);
    }
    fill(&workshop);
    workshop.write("universal.yaml", UNIVERSAL);
    workshop.succeed(&["train", "universal.yaml", "--run", "media", "--set", "training.steps=500"]);

    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/browser");
    let status = Command::new("node")
        .args(["--test", "--test-concurrency=1"])
        .current_dir(scripts)
        .env("ANY2ANY", env!("CARGO_BIN_EXE_any2any"))
        .env("WORKSHOP", workshop.path(""))
        .env_remove("ANY2ANY_DATA")
        .status()
        .expect("Node is installed");
    assert!(status.success(), "the scripts of tests/browser say what is wrong");
}
