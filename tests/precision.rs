//! Training in bfloat16: the same bytes with any number of threads, after a pause, and on processors of other kinds.

use crate::support::{TRANSFORMER, Workshop, sha256};

const TRAINING: &str = "  steps: 20
  accumulate: 2
  precision: bfloat16
evaluation: { metrics: [], every: 10, keep_best: 1 }";

/// The weights and the optimizer of a run's last step.
fn bytes(workshop: &Workshop, run: &str) -> [String; 2] {
    let checkpoint = workshop.path(run).join("checkpoints/step-20");
    ["model.safetensors", "optimizer.safetensors"].map(|file| sha256(&checkpoint.join(file)))
}

#[test]
fn threads_pauses_and_layers_computed_again_change_no_byte() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, TRAINING);
    let train = |run: &str, more: &[&str]| {
        workshop.succeed(&[&["train", "experiment.yaml", "--run", run], more].concat());
    };
    train("whole", &["--set", "device.threads=1"]);
    let expected = bytes(&workshop, "whole");
    for threads in ["2", "4"] {
        let run = format!("threads-{threads}");
        train(&run, &["--set", &format!("device.threads={threads}")]);
        assert_eq!(bytes(&workshop, &run), expected, "{threads} threads");
    }
    train("again", &["--set", "training.recompute=layers"]);
    assert_eq!(bytes(&workshop, "again"), expected, "layers computed again");
    train("parts", &["--set", "training.steps=10"]);
    workshop.succeed(&["train", "--resume", "parts", "--steps", "20"]);
    assert_eq!(bytes(&workshop, "parts"), expected, "in two parts");
    train("plain", &["--set", "training.precision=float32"]);
    assert_ne!(bytes(&workshop, "plain")[0], expected[0], "32-bit floats have other bytes");
}

/// The run says in which order its sums are taken, and keeps that on a processor without the instructions. There a warning
/// says that it is slow.
#[test]
fn a_run_names_the_order_of_its_sums() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, TRAINING);
    workshop.succeed(&["train", "experiment.yaml", "--run", "chosen"]);
    let resolved = workshop.read("chosen/resolved.yaml");
    let order = ["bfloat16_tiles", "bfloat16_pairs"]
        .into_iter()
        .find(|order| resolved.contains(&format!("precision: {order}")))
        .expect("an order");
    let flags = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let has = |flag: &str| flags.split_whitespace().any(|each| each == flag);
    let fastest = if has("amx_bf16") { "bfloat16_tiles" } else { "bfloat16_pairs" };
    assert_eq!(order, fastest);
    for (order, flag) in [("bfloat16_tiles", "amx_bf16"), ("bfloat16_pairs", "avx512_bf16")] {
        let set = format!("training.precision={order}");
        let finished = workshop.run(&["train", "experiment.yaml", "--run", order, "--set", &set]);
        assert_eq!(finished.code, Some(0), "{}", finished.stderr);
        let warned = finished.stderr.contains("computed with other instructions");
        assert_eq!(warned, !has(flag), "{order}: {}", finished.stderr);
    }
    assert_eq!(bytes(&workshop, "chosen"), bytes(&workshop, fastest));
    assert_ne!(bytes(&workshop, "bfloat16_tiles")[0], bytes(&workshop, "bfloat16_pairs")[0], "two orders");
}
