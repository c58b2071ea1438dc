//! A training in which memory runs out at random points, or the file system is full.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use any2any_adapter::Seed;
use any2any_run::{Checkpoint, Checkpoints};

use crate::allocator::Shortage;
use crate::child::{self, End};
use crate::support::{TRANSFORMER, Workshop, sha256};

/// Number of trials in which memory runs out, and in which files cannot become larger than a random size.
const NO_MEMORY: u64 = 30;
const FULL: u64 = 10;

const TRAINING: &str = "  steps: 18
  save_every: 2
  log_every: 1
evaluation: { metrics: [], every: 6, keep_best: 2, show: 0 }";

/// The command line that this program was given.
pub(crate) fn command() -> ExitCode {
    any2any_cli::Program::new(any2any_cli::media()).main()
}

/// Each training that runs short of something then goes on to the bytes of one that did not.
pub(crate) fn trainings_run_short_at_random() {
    let workshop = Workshop::new();
    workshop.experiment(TRANSFORMER, TRAINING);
    let begin = ["train", "experiment.yaml", "--run", "run", "--overwrite"];
    workshop.succeed(&["train", "experiment.yaml", "--run", "whole"]);
    let run = |number, shortage| {
        let mut command = child::command("command", number, shortage);
        command.args(begin).current_dir(workshop.path(""));
        child::end(command)
    };
    let place = workshop.path("run");
    let as_whole = |context: &str| {
        for file in ["model.safetensors", "optimizer.safetensors"] {
            let of = |run: &str| sha256(&workshop.path(&format!("{run}/checkpoints/step-18/{file}")));
            assert_eq!(of("run"), of("whole"), "{context}: {file}");
        }
        for name in ["best", "last"] {
            let of = |run: &str| workshop.read(&format!("{run}/checkpoints/{name}"));
            assert_eq!(of("run"), of("whole"), "{context}: {name}");
        }
        assert_eq!(names(&place), names(&workshop.path("whole")), "{context}");
        assert_eq!(workshop.losses("run"), workshop.losses("whole"), "{context}");
    };
    let (end, count, said) = run(u64::MAX, Shortage::Once);
    assert_eq!(end, End::Done, "{said}");
    as_whole("with this allocator");
    std::fs::remove_dir_all(&place).expect("removed");
    let count = count.unwrap_or_else(|| panic!("{said}"));
    let random = &mut Seed(41).random("allocations", 0);
    let mut ends = BTreeMap::<String, usize>::new();
    let mut resumed = 0;
    let largest = std::fs::metadata(workshop.path("whole/checkpoints/step-18/optimizer.safetensors"));
    let largest = largest.expect("written").len() as usize;
    for point in 0..NO_MEMORY + FULL {
        let number = 1 + (random.unit() * count as f64) as u64;
        let shortage = match point {
            NO_MEMORY.. => Shortage::Bytes(random.below(largest) as u64),
            _ if point % 2 == 0 => Shortage::Once,
            _ => Shortage::Lasting,
        };
        let context = format!("{shortage:?} {number} of {count}");
        let (end, _, said) = run(number, shortage);
        if let (Shortage::Bytes(_), End::Error) = (shortage, end) {
            let error = said.lines().find(|line| line.starts_with("error: ")).unwrap_or_default();
            assert!(error.contains("/run/"), "{context}: {said}");
            assert_eq!(error.matches("os error").count(), 1, "{context}: {error}");
        }
        *ends.entry(format!("{end:?}")).or_default() += 1;
        assert_whole(&place, &context);
        if place.join("checkpoints/last").exists() {
            resumed += 1;
            workshop.succeed(&["train", "--resume", "run"]);
        } else {
            workshop.succeed(&begin);
        }
        as_whole(&context);
        std::fs::remove_dir_all(&place).expect("removed");
    }
    println!("train, {count} allocations: {ends:?}, {resumed} with a checkpoint by then");
}

/// The names in the folder of checkpoints.
fn names(run: &Path) -> Vec<std::ffi::OsString> {
    let entries = std::fs::read_dir(run.join("checkpoints")).expect("a folder");
    let mut names: Vec<_> = entries.map(|entry| entry.expect("an entry").file_name()).collect();
    names.sort();
    names
}

/// Each checkpoint that a run has is whole, and `last` names one.
fn assert_whole(run: &Path, context: &str) {
    let checkpoints = Checkpoints::new(run.join("checkpoints"));
    for step in checkpoints.steps().expect("a folder") {
        Checkpoint::load(&checkpoints.step(step)).unwrap_or_else(|error| panic!("{context}: {error}"));
    }
    if run.join("checkpoints/last").exists() {
        checkpoints.resolve("last").unwrap_or_else(|error| panic!("{context}: {error}"));
    }
}
