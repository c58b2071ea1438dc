//! The experiments that ship with the program: each is sound, and each trains a few steps on a slice of its data
//! where the data is there.

use std::path::{Path, PathBuf};

use crate::support::{Workshop, outside};

fn configs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs")
}

#[test]
fn every_experiment_is_sound() {
    let workshop = Workshop::new();
    let mut seen = 0;
    for entry in std::fs::read_dir(configs()).expect("the folder of experiments") {
        let path = entry.expect("an entry").path();
        let name = path.display().to_string();
        let said = workshop.succeed(&["check", &name, "--no-data"]);
        assert!(said.contains("no problem found"), "{name}: {said}");
        seen += 1;
    }
    assert!(seen > 15, "{seen} experiments");
}

/// Experiments over data of the data root, with the name of the task and what makes it small.
const SLICES: [(&str, &str, &[&str]); 11] = [
    ("mnist", "read", &[]),
    ("mnist-strings", "read", &["data.join.samples=60", "data.join.test_samples=10"]),
    ("mnist-denoise", "clean", &[]),
    ("words-to-mnist", "draw", &[]),
    ("fsdd", "hear", &[]),
    ("fsdd-joined", "hear", &["data.join.samples=60", "data.join.test_samples=10"]),
    ("fsdd-to-mnist", "draw", &["data.pair.samples=60"]),
    ("words-to-fsdd", "speak", &[]),
    ("fraktur", "read", &[]),
    ("emoji-artists", "redraw", &[]),
    ("ssvep", "read", &[]),
];

#[test]
fn every_task_trains_on_a_slice_of_its_data() {
    let Some(root) = outside::folder("ANY2ANY_DATA", "") else { return };
    let workshop = Workshop::new();
    for (name, task, options) in SLICES {
        let config = configs().join(format!("{name}.yaml")).display().to_string();
        let mut command = workshop.command(&["train", &config, "--run", name, "--json"]);
        command.env("ANY2ANY_DATA", &root);
        let small = ["data.limit.train=60", "data.limit.validation=8", "data.limit.test=8"];
        for option in small.iter().chain(options) {
            command.args(["--set", &format!("tasks.{task}.{option}")]);
        }
        let training = ["training.steps=3", "training.batch.tokens=1500", "evaluation.every=3"];
        for option in training.iter().chain(&["evaluation.show=0", "training.schedule.cosine.warmup=1"]) {
            command.args(["--set", option]);
        }
        let output = command.output().expect("the binary runs");
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let loss = report["tasks"][0]["teacher_forced"]["loss"].as_f64().expect("a loss");
        assert!(loss.is_finite(), "{name}: {report}");
    }
}

/// A test that lacks its data stands in the list once, however often it asks, and beside those of other programs.
#[test]
fn tests_without_data_are_counted_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let list = folder.path().join("list");
    for (test, what) in [("ba::one", "DATA"), ("a::one", "DATA"), ("a::one", "DATA"), ("a::on", "DATA")] {
        outside::note(&list, test, what);
    }
    let said = std::fs::read_to_string(&list).expect("a list");
    assert_eq!(said, "ba::one (DATA)\na::one (DATA)\na::on (DATA)\n");
    let missing = folder.path().join("no folder").join("list");
    outside::note(&missing, "a::one", "DATA");
    assert!(!missing.exists(), "a list that cannot be written fails no test");
}
