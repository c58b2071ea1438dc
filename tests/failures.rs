//! Failures of commands are reported clearly, end in the right exit code, and lose nothing.

use crate::support::{TRANSFORMER, Workshop};

/// A command, its exit code, and what it must say.
fn check(workshop: &Workshop, arguments: &[&str], code: i32, says: &[&str]) {
    let finished = workshop.run(arguments);
    assert_eq!(finished.code, Some(code), "{arguments:?}: {}", finished.stderr);
    for words in says {
        assert!(
            finished.stderr.contains(words),
            "{arguments:?} does not say '{words}':\n{}",
            finished.stderr
        );
    }
}

#[test]
fn wrong_commands_and_experiments_end_in_two() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, "  stepz: 10");
    check(&workshop, &["check", "experiment.yaml"], 2, &["stepz", "did you mean", "experiment.yaml:"]);
    check(&workshop, &["train", "experiment.yaml"], 2, &["stepz"]);
    check(&workshop, &["check", "missing.yaml"], 2, &["missing.yaml"]);
    check(&workshop, &["trian"], 2, &["train"]);
    workshop.experiment(TRANSFORMER, "  steps: 10");
    let text = workshop.read("experiment.yaml");
    workshop.write("experiment.yaml", &text.replace("field: de", "field: ed"));
    check(&workshop, &["check", "experiment.yaml"], 2, &["no field `ed`", "experiment.yaml:10"]);
    workshop.write("experiment.yaml", &text.replace("vocab: 70", "vocab: 7000"));
    check(&workshop, &["check", "experiment.yaml"], 2, &["7000 tokens are asked for", "experiment.yaml:9"]);
    workshop.write("experiment.yaml", &text);
    workshop.write("train.de", "nur eine Zeile\n");
    check(&workshop, &["check", "experiment.yaml"], 2, &["train.en", "360", "train.de", "1"]);
    let json = workshop.run(&["check", "experiment.yaml", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).expect("one JSON object");
    assert_eq!(json["valid"], false);
}

#[test]
fn what_is_not_a_run_is_named() {
    let workshop = Workshop::new();
    check(&workshop, &["translate", "nowhere"], 1, &["nowhere", "holds no run"]);
    check(&workshop, &["evaluate", "nowhere"], 1, &["nowhere"]);
    check(&workshop, &["train", "--resume", "nowhere"], 1, &["nowhere"]);
    check(&workshop, &["average", "nowhere"], 1, &["no checkpoint"]);
    check(&workshop, &["metrics", "train.en", "val.de"], 1, &["360", "40"]);
    check(&workshop, &["metrics", "train.en", "gone.de"], 1, &["gone.de"]);
    check(&workshop, &["data", "get", "multi31k"], 1, &["multi31k", "multi30k"]);
}

#[test]
fn broken_weights_and_wrong_checkpoints_are_named() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, "  steps: 2\nevaluation: { metrics: [bleu], every: 2 }");
    workshop.succeed(&["train", "experiment.yaml", "--run", "run"]);
    check(&workshop, &["translate", "run", "--checkpoint", "step-9"], 1, &["step-9", "there are: step-2"]);
    check(&workshop, &["translate", "run", "--beam", "2", "--n-best", "3"], 2, &["--beam 3"]);
    workshop.write("run/checkpoints/step-2/model.safetensors", "not weights");
    check(&workshop, &["translate", "run"], 1, &["model.safetensors", "not a safetensors file"]);
}

#[test]
fn a_run_is_not_resumed_on_other_data() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, "  steps: 2\nevaluation: { metrics: [], every: 2 }");
    workshop.succeed(&["train", "experiment.yaml", "--run", "run"]);
    let german = workshop.read("train.de");
    workshop.write("train.de", &german.replacen("Hund", "Baum", 1));
    check(&workshop, &["train", "--resume", "run", "--steps", "4"], 1, &["no longer what this run"]);
    workshop.write("train.de", &german);
    check(&workshop, &["train", "--resume", "run", "--steps", "4"], 0, &[]);
}

#[test]
fn a_loss_that_explodes_names_its_batch_and_keeps_the_last_good_checkpoint() {
    let workshop = Workshop::new();
    workshop.experiment(
        TRANSFORMER,
        "  steps: 50\n  save_every: 1\n  clip_norm: null\nevaluation: { metrics: [], every: 50 }",
    );
    let finished = workshop.run(&[
        "train",
        "experiment.yaml",
        "--run",
        "run",
        "--set",
        "training.schedule={constant: {peak: 1.0e+25}}",
        "--set",
        "training.optimizer={sgd: {}}",
    ]);
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    for words in ["is not finite", "newest finite checkpoint is step-", "earning rate"] {
        assert!(finished.stderr.contains(words), "{words}: {}", finished.stderr);
    }
}

#[test]
fn long_sentences_are_counted_and_never_dropped_in_silence() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, "  steps: 1\nevaluation: { metrics: [], every: 1 }");
    let set = ["train", "experiment.yaml", "--run", "run", "--set", "training.batch.max_target_length=20"];
    let finished = workshop.run(&set);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert!(finished.stderr.contains("are left out as too long"), "{}", finished.stderr);
    let set = ["train", "experiment.yaml", "--run", "none", "--set", "training.batch.max_target_length=1"];
    check(&workshop, &set, 1, &["translate", "no sample", "360"]);
}
