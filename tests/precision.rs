//! Training in bfloat16: the same bytes with any number of threads, after a pause, and on processors of other kinds.

use crate::support::{TRANSFORMER, Workshop};

const TRAINING: &str = "  steps: 20
  accumulate: 2
  precision: bfloat16
evaluation: { metrics: [], every: 10, keep_best: 1 }";

#[test]
fn threads_pauses_and_layers_computed_again_change_no_byte() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, TRAINING);
    let train = |run: &str, more: &[&str]| {
        workshop.succeed(&[&["train", "experiment.yaml", "--run", run], more].concat());
    };
    train("whole", &["--set", "device.threads=1"]);
    let expected = workshop.sums("whole", 20);
    for threads in ["2", "4"] {
        let run = format!("threads-{threads}");
        train(&run, &["--set", &format!("device.threads={threads}")]);
        assert_eq!(workshop.sums(&run, 20), expected, "{threads} threads");
    }
    train("again", &["--set", "training.recompute=layers"]);
    assert_eq!(workshop.sums("again", 20), expected, "layers computed again");
    train("parts", &["--set", "training.steps=10"]);
    workshop.succeed(&["train", "--resume", "parts", "--steps", "20"]);
    assert_eq!(workshop.sums("parts", 20), expected, "in two parts");
    train("plain", &["--set", "training.precision=float32"]);
    assert_ne!(workshop.sums("plain", 20)[0], expected[0], "32-bit floats have other bytes");
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
    assert_eq!(workshop.sums("chosen", 20), workshop.sums(fastest, 20));
    assert_ne!(workshop.sums("bfloat16_tiles", 20)[0], workshop.sums("bfloat16_pairs", 20)[0], "two orders");
}
