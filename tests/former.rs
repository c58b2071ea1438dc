//! Runs written before checkpoints carried an architecture, whose parameters had other names: `former/` holds two with
//! the weights that the program of that time ended with.

use std::path::Path;

use any2any_run::parameters::under_current_names;
use any2any_run::{read_architecture, read_weights};

use crate::support::{TRANSFORMER, Workshop};

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry")) {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            std::fs::copy(from, to).expect("copied");
        }
    }
}

#[test]
fn runs_written_before_go_on_and_translate() {
    for model in ["transformer", "lstm"] {
        let workshop = Workshop::new();
        let former = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/former");
        copy(&former.join(model), &workshop.path("run"));

        let described = workshop.succeed(&["describe", "run"]);
        assert!(described.contains("parameters"), "{described}");
        workshop.succeed(&["evaluate", "run", "--task", "forth", "--split", "validation"]);
        workshop.succeed(&["train", "--resume", "run", "--steps", "8"]);

        let file = workshop.path("run/checkpoints/step-8/model.safetensors");
        let architecture = read_architecture(&file).expect("readable").expect("carried from now on");
        let found = read_weights(&file).expect("readable");
        let expected = read_weights(&former.join(format!("{model}-8.safetensors"))).expect("readable");
        let expected = under_current_names(&architecture, expected);
        assert!(found.keys().eq(expected.keys()), "{model}");
        for (name, found) in &found {
            assert_eq!(found.shape, expected[name].shape, "{model}: {name}");
            // Another processor rounds in other places. No score of attention depends on the bias of keys, so its gradient is
            // rounding alone, of which Adam makes steps of the size of the rate.
            let most = if name.ends_with("key.bias") { 0.05 } else { 1e-4 };
            for (found, expected) in found.values.iter().zip(&expected[name].values) {
                assert!((found - expected).abs() < most, "{model}: {name}: {found}, not {expected}");
            }
        }
        workshop.succeed(&["export", "run", "exported"]);
        workshop.succeed(&["evaluate", "exported", "--task", "forth", "--split", "validation"]);
    }
}

/// Weights say which model they are of: those of layers that normalise first have the shapes of others.
#[test]
fn weights_of_another_architecture_are_refused_though_their_shapes_fit() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, "  steps: 2\nevaluation: { metrics: [bleu], decode_at_most: 2 }");
    workshop.succeed(&["train", "experiment.yaml", "--run", "run"]);
    let resolved = workshop.path("run/resolved.yaml");
    let text = std::fs::read_to_string(&resolved).expect("readable");
    assert!(text.contains("activation: relu"), "{text}");
    std::fs::write(&resolved, text.replace("activation: relu", "activation: gelu")).expect("writable");
    let refused = workshop.run(&["evaluate", "run", "--split", "validation"]);
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    for part in ["of another model", "feed_forward.activation", "\"relu\"", "\"gelu\""] {
        assert!(refused.stderr.contains(part), "{part}: {}", refused.stderr);
    }
}
