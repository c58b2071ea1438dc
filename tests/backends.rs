//! Other backends beside flex, on the same training: the losses of twenty steps are the same.
//!
//! ```text
//! cargo test -p any2any --features wgpu --test backends
//! ```
//!
//! wgpu needs a driver when it runs; without a GPU, Mesa's software Vulkan is one.

#![cfg(any(feature = "wgpu", feature = "tch"))]

mod support;

use support::{TRANSFORMER, Workshop};

const TRAINING: &str = "  steps: 20
  log_every: 1
evaluation: { metrics: [bleu], every: 20, decode_at_most: 1 }
decoding: { max_length: 3 }";

/// Trains the same experiment on flex and on another backend, and compares every step.
fn same_losses(backend: &str, model: &str) {
    let workshop = Workshop::new();
    workshop.experiment(model, TRAINING);
    let train = |backend: &str| {
        let device = format!("device.backend={backend}");
        workshop.succeed(&["train", "experiment.yaml", "--run", backend, "--set", &device]);
        workshop.losses(backend)
    };
    let (expected, found) = (train("flex"), train(backend));
    assert_eq!((expected.len(), found.len()), (20, 20));
    for ((step, expected), (_, found)) in expected.iter().zip(&found) {
        assert!((expected - found).abs() < 1e-3, "{backend}, step {step}: {found}, not {expected}; {model}");
    }
    let fall = expected[0].1 - expected[19].1;
    assert!(fall > 0.3, "twenty steps that learn so little ({fall}) would hide a wrong gradient");
}

#[test]
#[cfg(feature = "wgpu")]
fn wgpu_trains_as_flex_does() {
    same_losses("wgpu", TRANSFORMER);
}

#[test]
#[cfg(feature = "tch")]
fn libtorch_trains_as_flex_does() {
    same_losses("tch", TRANSFORMER);
    same_losses("tch", "  lstm: { d_model: 32, dropout: 0.1 }");
}

/// A device that computes in bfloat16 has flex's losses but for roundings; another one says so before the first step.
#[test]
fn bfloat16_is_computed_or_refused() {
    let backends = [
        #[cfg(feature = "tch")]
        "tch",
        #[cfg(feature = "wgpu")]
        "wgpu",
    ];
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, &format!("  precision: bfloat16\n{TRAINING}"));
    workshop.succeed(&["train", "experiment.yaml", "--run", "flex", "--set", "device.backend=flex"]);
    for backend in backends {
        let device = format!("device.backend={backend}");
        let finished = workshop.run(&["train", "experiment.yaml", "--run", backend, "--set", &device]);
        if finished.code != Some(0) {
            assert!(finished.stderr.contains("does not compute in bfloat16"), "{}", finished.stderr);
            assert!(finished.stderr.contains("precision: bfloat16"), "the place: {}", finished.stderr);
            continue;
        }
        let (expected, found) = (workshop.losses("flex"), workshop.losses(backend));
        assert_eq!((expected.len(), found.len()), (20, 20));
        for ((step, expected), (_, found)) in expected.iter().zip(&found) {
            assert!((expected - found).abs() < 0.05, "{backend}, step {step}: {found}, not {expected}");
        }
        println!("{backend} computes in bfloat16");
    }
}
