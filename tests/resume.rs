//! A training that was killed and resumed equals one that was not, to the last byte.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use any2any_data::DataRoot;
use any2any_run::{Existing, RunFolder};
use any2any_train::{Event, Observer, Resuming, Stopped, Trainer};

use crate::support::{TRANSFORMER, Workshop, sha256};

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

/// A program that uses the libraries keeps its threads, whatever an experiment says.
#[test]
fn libraries_leave_the_threads_of_a_process() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, "  steps: 1");
    let (before, registry) = (rayon::current_num_threads(), any2any_cli::media());
    let root = DataRoot::at(workshop.path("data"));
    let one_more = [format!("device.threads={}", before + 1)];
    let document = any2any_experiment::load(&workshop.path("experiment.yaml"), &one_more, &registry);
    let prepared = any2any_train::prepare(&document.expect("sound"), &registry, &root).expect("data");
    let run = RunFolder::new(workshop.path("run"));
    let trainer = Trainer::start(prepared, run.clone(), Existing::Keep).expect("a new run");
    trainer.train(&mut ()).expect("it ends");
    assert_eq!(rayon::current_num_threads(), before);
    let within = any2any_run::device::with_threads(before + 1, || {
        let translator = any2any_translate::Translator::load(&run, "last", &registry).expect("a run");
        let task = translator.task(None).expect("one task").clone();
        let values = [any2any_adapter::Value::from("the dog")];
        translator.translate_each(&task, &values, task.decoding(), None).expect("translated");
        rayon::current_num_threads()
    });
    assert_eq!((within.expect("threads"), rayon::current_num_threads()), (before + 1, before));
}

/// Stops a training as soon as a step is logged, which is before its evaluation.
struct StopsAt {
    step: u64,
    stop: Arc<AtomicBool>,
}

impl Observer for StopsAt {
    fn event(&mut self, event: Event<'_>) {
        if let Event::Logged(progress) = event
            && progress.step == self.step
        {
            self.stop.store(true, Ordering::Relaxed);
        }
    }
}

/// An evaluation that is interrupted comes first when the training goes on, and all is as if it had never stopped.
#[test]
fn an_interrupted_evaluation_comes_first() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, TRAINING);
    workshop.succeed(&["train", "experiment.yaml", "--run", "whole"]);

    let registry = any2any_cli::media();
    let root = DataRoot::at(workshop.path("data")).trusting_runs(true);
    let run = RunFolder::new(workshop.path("stopped"));
    let document = any2any_experiment::load(&workshop.path("experiment.yaml"), &[], &registry);
    let prepared = any2any_train::prepare(&document.expect("sound"), &registry, &root).expect("data");
    let mut trainer = Trainer::start(prepared, run.clone(), Existing::Keep).expect("a new run");
    for (before, step) in [25, 50, 60].into_iter().enumerate() {
        let stop = trainer.stop();
        let trained = trainer.train(&mut StopsAt { step, stop }).expect("it is stopped");
        assert_eq!((trained.state.step, trained.stopped), (step, Stopped::Interrupted));
        assert!(trained.state.unevaluated, "step {step} has been evaluated");
        assert_eq!(evaluations(&workshop, "stopped").len(), before);
        trainer = Trainer::resume(run.clone(), &registry, &root, Resuming::default()).expect("it goes on");
    }
    trainer.train(&mut ()).expect("it ends");

    for file in ["model.safetensors", "optimizer.safetensors"] {
        let of = |run: &str| sha256(&workshop.path(run).join("checkpoints/step-60").join(file));
        assert_eq!(of("whole"), of("stopped"), "{file}");
    }
    for name in ["best", "last"] {
        let of = |run: &str| workshop.read(&format!("{run}/checkpoints/{name}"));
        assert_eq!(of("whole"), of("stopped"), "{name}");
    }
    let folders = |run: &str| {
        let entries = std::fs::read_dir(workshop.path(run).join("checkpoints")).expect("a folder");
        let mut names: Vec<_> = entries.map(|entry| entry.expect("a name").file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(folders("whole"), folders("stopped"), "nothing is left behind");
    assert_eq!(workshop.losses("whole"), workshop.losses("stopped"));
    assert_eq!(evaluations(&workshop, "whole"), evaluations(&workshop, "stopped"));
    assert_eq!(evaluations(&workshop, "whole").len(), 3);
}

/// The evaluations in a run's log, but for how long they took.
fn evaluations(workshop: &Workshop, run: &str) -> Vec<serde_json::Value> {
    let log = workshop.read(&format!("{run}/metrics.jsonl"));
    let lines = log.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
    let evaluations = lines.filter(|line| line["kind"] == "validation");
    evaluations
        .map(|mut line| {
            line.as_object_mut().expect("an object").remove("seconds");
            line
        })
        .collect()
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
