//! A sweep: each of its cells equals a training by itself, and an interrupted one ends as one that was not.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{TRANSFORMER, Workshop};

const TRAINING: &str = "  steps: 12
  log_every: 1
  label_smoothing: 0.1
  clip_norm: null
evaluation: { metrics: [], every: 12 }";

const RATE: &str = "training.schedule.constant.peak=0.001..100:4:log";
const DROPOUT: &str = "model.transformer.dropout=0,0.1,0.4";

fn sweep(run: &str) -> Vec<&str> {
    vec!["sweep", "experiment.yaml", "--over", RATE, "--over", DROPOUT, "--run", run]
}

fn workshop() -> Workshop {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, TRAINING);
    workshop
}

fn read(workshop: &Workshop, run: &str) -> Value {
    serde_json::from_str(&workshop.read(&format!("{run}/sweep.json"))).expect("JSON")
}

/// Cells keep twelve digits.
fn rounded(loss: f64) -> f64 {
    format!("{loss:.11e}").parse().expect("a number")
}

#[test]
fn a_cell_is_the_training_that_the_same_options_give() {
    let workshop = workshop();
    workshop.succeed(&sweep("map"));
    let map = read(&workshop, "map");
    let cells = map["cells"].as_array().expect("cells");
    assert_eq!(cells.len(), 12);
    for place in [[0, 0], [1, 2], [2, 1]] {
        let cell = cells.iter().find(|cell| cell["at"] == serde_json::json!(place)).expect("every cell");
        let value = |axis: usize| {
            format!(
                "{}={}",
                map["axes"][axis]["option"].as_str().unwrap_or_default(),
                map["axes"][axis]["values"][place[axis]]
            )
        };
        let run = format!("alone-{}-{}", place[0], place[1]);
        workshop.run(&["train", "experiment.yaml", "--run", &run, "--set", &value(0), "--set", &value(1)]);
        let log = workshop.read(&format!("{run}/metrics.jsonl"));
        let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        let losses: Vec<f64> = lines
            .filter(|line| line["kind"] == "train")
            .filter_map(|line| line["smoothed_loss"].as_f64())
            .collect();
        assert_eq!(cell["steps"], losses.len(), "{place:?}");
        let last = losses.last().filter(|_| losses.len() == 12);
        for (field, expected) in [("first_loss", losses.first()), ("loss", last)] {
            assert_eq!(cell[field].as_f64(), expected.copied().map(rounded), "{field} of {place:?}");
        }
    }
    let converged = |cell: &&Value| cell["converged"] == true;
    let count = cells.iter().filter(converged).count();
    assert!((1..12).contains(&count), "{count} of 12 converged: the map shows nothing");
}

#[test]
fn a_sweep_that_was_killed_ends_as_one_that_was_not() {
    let workshop = workshop();
    let mut whole = sweep("whole");
    whole.extend(["--threads", "1"]);
    workshop.succeed(&whole);
    let mut killed = sweep("killed");
    killed.extend(["--threads", "3"]);
    let mut child =
        workshop.command(&killed).stderr(std::process::Stdio::null()).spawn().expect("the binary runs");
    let began = Instant::now();
    while !workshop.path("killed/sweep.json").exists() && child.try_wait().expect("it can be asked").is_none()
    {
        assert!(began.elapsed() < Duration::from_secs(120), "nothing was ever written");
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().expect("SIGKILL");
    child.wait().expect("it is gone");
    let said = workshop.run(&killed);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let same = workshop.read("whole/sweep.json") == workshop.read("killed/sweep.json");
    assert!(same, "{} and {}", workshop.read("whole/sweep.json"), workshop.read("killed/sweep.json"));

    // Once whole, nothing is trained again.
    let json = workshop.json(&[&killed[..], &["--json"]].concat());
    assert_eq!((&json["cells"], &json["trained"]), (&12.into(), &12.into()));
}

#[test]
fn what_cannot_be_swept_is_refused_with_the_way_out() {
    let workshop = workshop();
    workshop.succeed(&[
        "sweep",
        "experiment.yaml",
        "--over",
        "training.label_smoothing=0,0.1",
        "--steps",
        "2",
        "--run",
        "map",
    ]);
    let before = workshop.read("map/sweep.json");
    // Arguments, exit code, and message.
    let cases: [(&[&str], i32, &str); 8] = [
        (
            &["--over", "training.label_smoothing=0,0.2", "--steps", "2", "--run", "map"],
            1,
            "its grid is another; choose another folder, or move it away",
        ),
        (
            &["--over", "training.label_smoothing=0,0.1", "--steps", "3", "--run", "map"],
            1,
            "its trainings are of another length",
        ),
        (
            &["--over", "training.label_smoothing=0,0.1", "--steps", "2", "--set", "seed=7", "--run", "map"],
            1,
            "its experiment is another",
        ),
        (&["--over", "training.label_smoothing=0..0.1", "--run", "new"], 2, "how many values are wanted?"),
        (&["--over", "seed=1,2", "--run", "new"], 2, "options of `model` and `training` alone"),
        (&["--over", "training.label_smothing=0,0.1", "--run", "new"], 2, "did you mean `label_smoothing`?"),
        (&["--over", "training.label_smoothing=0,2", "--run", "new"], 2, "--set"),
        (
            &["--over", DROPOUT, "--over", "model.transformer.dropout=0,0.2", "--run", "new"],
            2,
            "give --over two different ones",
        ),
    ];
    for (more, code, expected) in cases {
        let finished = workshop.run(&[&["sweep", "experiment.yaml"], more].concat());
        assert_eq!(finished.code, Some(code), "{more:?}: {}", finished.stderr);
        assert!(finished.stderr.contains(expected), "{more:?}: {}", finished.stderr);
    }
    assert_eq!(workshop.read("map/sweep.json"), before);
    assert!(!workshop.path("new").exists());
}
