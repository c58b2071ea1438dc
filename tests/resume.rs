//! A training that was killed and resumed equals one that was not, to the last byte.

mod support;

use std::time::{Duration, Instant};

use support::{TRANSFORMER, Workshop, sha256};

const TRAINING: &str = "  steps: 60
  accumulate: 2
  save_every: 7
  log_every: 1
evaluation: { metrics: [bleu], every: 25, keep_best: 1, decode_at_most: 10 }
decoding: { max_length: 20 }";

/// The number of the last line of a run's log.
fn last_step(workshop: &Workshop, run: &str) -> u64 {
    let log = std::fs::read_to_string(workshop.path(run).join("metrics.jsonl")).unwrap_or_default();
    let last = log.lines().rev().find_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    last.and_then(|line| line["step"].as_u64()).unwrap_or(0)
}

fn wait_for_step(workshop: &Workshop, run: &str, step: u64) {
    let began = Instant::now();
    while last_step(workshop, run) < step {
        assert!(began.elapsed() < Duration::from_secs(120), "step {step} of {run} never came");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn kill_and_resume(model: &str, kills: &[u64]) {
    let workshop = Workshop::new();
    workshop.experiment(model, TRAINING);
    workshop.succeed(&["train", "experiment.yaml", "--run", "whole"]);
    let mut child = workshop
        .command(&["train", "experiment.yaml", "--run", "killed"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the binary runs");
    for &step in kills {
        wait_for_step(&workshop, "killed", step);
        child.kill().expect("SIGKILL");
        child.wait().expect("it is gone");
        child = workshop
            .command(&["train", "--resume", "killed"])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("the binary runs");
    }
    assert!(child.wait().expect("it ends").success(), "the resumed training failed");

    for file in ["model.safetensors", "optimizer.safetensors"] {
        let of = |run: &str| sha256(&workshop.path(run).join("checkpoints/step-60").join(file));
        assert_eq!(of("whole"), of("killed"), "{file} of {model}");
    }
    // The log has every step once, with the same losses.
    assert_eq!(workshop.losses("whole"), workshop.losses("killed"));
    assert_eq!(workshop.losses("whole").len(), 60);
}

#[test]
fn a_killed_transformer_ends_as_an_uninterrupted_one() {
    kill_and_resume(TRANSFORMER, &[3, 18, 40]);
}

#[test]
fn a_killed_lstm_ends_as_an_uninterrupted_one() {
    kill_and_resume("  lstm: { d_model: 32, dropout: 0.1 }", &[23]);
}

/// One, two and four threads train the same bytes, and translate alike.
#[test]
fn threads_do_not_change_a_bit() {
    for model in [TRANSFORMER, "  lstm: { d_model: 32, dropout: 0.1 }"] {
        let workshop = Workshop::new();
        workshop.experiment(model, "  steps: 20\nevaluation: { metrics: [bleu], every: 20, keep_best: 1 }");
        let trained = |threads: usize| {
            let run = format!("with-{threads}");
            let threads = format!("device.threads={threads}");
            workshop.succeed(&["train", "experiment.yaml", "--run", &run, "--set", &threads]);
            let checkpoint = workshop.path(&run).join("checkpoints/step-20");
            let log = workshop.read(&format!("{run}/metrics.jsonl"));
            let scores: Vec<String> = log
                .lines()
                .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"))
                .filter(|line| line["kind"] == "validation")
                .map(|line| format!("{} {}", line["teacher_forced"], line["decoded"]))
                .collect();
            assert_eq!(scores.len(), 1);
            let file = |name: &str| sha256(&checkpoint.join(name));
            (file("model.safetensors"), file("optimizer.safetensors"), scores)
        };
        let alone = trained(1);
        assert_eq!(alone, trained(2), "{model}");
        assert_eq!(alone, trained(4), "{model}");
    }
}

/// Ctrl-C finishes the step, saves it, and says how to go on.
#[cfg(unix)]
#[test]
fn an_interrupted_training_says_how_to_go_on() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, TRAINING);
    let child = workshop
        .command(&["train", "experiment.yaml", "--run", "stopped"])
        .stderr(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("the binary runs");
    wait_for_step(&workshop, "stopped", 10);
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().expect("kill runs").success());
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("is saved"), "{said}");
    assert!(said.contains("any2any train --resume stopped"), "{said}");
    let steps = last_step(&workshop, "stopped");
    assert!((10..60).contains(&steps), "stopped after {steps}");

    workshop.succeed(&["train", "experiment.yaml", "--run", "whole"]);
    workshop.succeed(&["train", "--resume", "stopped"]);
    let of = |run: &str| sha256(&workshop.path(run).join("checkpoints/step-60/model.safetensors"));
    assert_eq!(of("whole"), of("stopped"));
}
