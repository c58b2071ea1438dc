//! Layers that are computed again in the backward pass: the same bytes, in less memory.

use crate::support::{TRANSFORMER, Workshop, sha256};

const TRAINING: &str = "  steps: 20
  accumulate: 2
evaluation: { metrics: [], every: 10, keep_best: 1 }";

/// Trains with and without, in every form that the backward pass has, and compares weights and the optimizer's state.
#[test]
fn a_training_ends_with_the_same_bytes() {
    let workshop = Workshop::new();
    let decoder_only = "  decoder_only: { d_model: 32, d_ff: 64, heads: 4, layers: 2, dropout: 0.1 }";
    let post = "  transformer: { d_model: 32, d_ff: 64, heads: 4, encoder_layers: 2, decoder_layers: 2, dropout: 0.1, norm: post, positions: rotary, activation: swiglu }";
    for (name, model, ctc) in [
        ("transformer", TRANSFORMER, false),
        ("aligned", TRANSFORMER, true),
        ("post", post, true),
        ("decoder_only", decoder_only, false),
    ] {
        workshop.experiment(model, TRAINING);
        let mut text = workshop.read("experiment.yaml");
        if ctc {
            text = text.replace("    source:", "    losses: { ctc: 0.3 }\n    source:");
        }
        if name == "decoder_only" {
            let sides =
                text.find("    source:").expect("a source")..text.find("    target:").expect("a target");
            text.replace_range(sides, "");
            text = text.replace("{ field: de }", "{ field: de, tokenizer: { characters: {} } }");
        }
        workshop.write("experiment.yaml", &text);
        let trained = |run: &str, more: &[&str]| {
            let run = format!("{name}-{run}");
            workshop.succeed(&[&["train", "experiment.yaml", "--run", &run], more].concat());
            workshop.sums(&run, 20)
        };
        let expected = trained("kept", &[]);
        assert_eq!(trained("again", &["--set", "training.recompute=layers"]), expected, "{name}");
    }
}

/// A run goes on with the option changed, which changes no byte either.
#[test]
fn a_run_goes_on_without_it() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, TRAINING);
    let train = |run: &str, more: &[&str]| {
        workshop.succeed(&[&["train", "experiment.yaml", "--run", run], more].concat());
    };
    train("whole", &[]);
    train("parts", &["--set", "training.recompute=layers", "--set", "training.steps=10"]);
    let resolved = workshop.read("parts/resolved.yaml");
    assert!(resolved.contains("recompute: layers"), "{resolved}");
    let changed = resolved.replace("recompute: layers", "recompute: null").replace("steps: 10", "steps: 20");
    workshop.write("parts/resolved.yaml", &changed);
    workshop.succeed(&["train", "--resume", "parts"]);
    assert_eq!(workshop.sums("whole", 20), workshop.sums("parts", 20));
}

/// A low-rank adaptation and frozen parts take the same way: the matrices of a layer are then results of others.
#[test]
fn what_is_adapted_or_frozen_learns_the_same_bytes() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, TRAINING);
    workshop.succeed(&["train", "experiment.yaml", "--run", "base"]);
    let text = workshop.read("experiment.yaml");
    let model = text.find("model:").expect("a model")..text.find("training:").expect("training");
    for (name, start, file) in [
        ("adapted", "from: base, lora: { rank: 2, dropout: 0.1 }", "lora.safetensors"),
        ("frozen", "from: base, freeze: [encoder]", "model.safetensors"),
    ] {
        let mut started = text.clone();
        started.replace_range(model.clone(), &format!("model: {{ {start} }}\n"));
        workshop.write("started.yaml", &started);
        let trained = |run: &str, more: &[&str]| {
            let run = format!("{name}-{run}");
            workshop.succeed(&[&["train", "started.yaml", "--run", &run], more].concat());
            sha256(&workshop.path(&run).join("checkpoints/step-20").join(file))
        };
        let expected = trained("kept", &[]);
        assert_eq!(trained("again", &["--set", "training.recompute=layers"]), expected, "{name}");
    }
}
