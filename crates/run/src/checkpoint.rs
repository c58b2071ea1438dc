//! A checkpoint: weights, the optimizer's state and the trainer's, each a file that other programs can read.
//!
//! Its folder holds `model.safetensors`, `optimizer.safetensors` and `state.json`, and the checksums of the three.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::Path;

use any2any_architecture::Architecture;
use serde::{Deserialize, Serialize};

use crate::atomic_file;
use crate::checksums::Checksums;
use crate::error::RunError;
use crate::optimizer_state::check_state;
use crate::parameters::{self, Weights};
use crate::weights_file::{read_architecture, read_weights, write_weights};

/// The files of a checkpoint.
const FILES: [&str; 3] = ["model.safetensors", "optimizer.safetensors", "state.json"];

/// More steps than any training makes; numbers near the largest one overflow where they are counted on.
const MOST_STEPS: u64 = 1 << 40;

/// What training needs to go on besides weights; random numbers are derived from the step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Updates made.
    pub step: u64,
    /// The checksum of the encoded training data, by which a resumed run knows that it is still the same.
    pub data: u32,
    /// The checksum of the encoded validation data; none of a run that was written before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<u32>,
    /// The experiment that was trained by; none of a run that was written before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experiment: Option<serde_json::Value>,
    /// Target tokens seen.
    pub tokens: u64,
    /// Seconds spent training.
    pub seconds: f64,
    /// The plateau schedule's memory.
    pub plateau: Plateau,
    /// Checkpoints by how good they are, the best first.
    pub best: Vec<Ranked>,
    /// Evaluations since the best one.
    pub waited: usize,
    /// Whether this step's evaluation was given up when the training was stopped, and comes first when it goes on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unevaluated: bool,
}

/// What a plateau schedule remembers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plateau {
    /// How often the rate was lowered.
    pub reductions: u32,
    /// Evaluations since the last improvement or reduction.
    pub waited: usize,
}

/// A checkpoint and how good it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ranked {
    /// The step.
    pub step: u64,
    /// The value of the deciding metric.
    pub value: f64,
    /// The teacher-forced loss, which decides between equal values.
    #[serde(default)]
    pub loss: f64,
}

impl Ranked {
    /// Whether this checkpoint is better than another, when larger values are, or smaller ones.
    pub fn is_better(&self, other: &Self, larger: bool) -> bool {
        match self.value.total_cmp(&other.value) {
            Ordering::Greater => larger,
            Ordering::Less => !larger,
            Ordering::Equal => self.loss < other.loss,
        }
    }
}

/// What a checkpoint of a training holds.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// The model's architecture; none of a checkpoint that was written before it was kept.
    pub architecture: Option<Architecture>,
    /// The model's parameters.
    pub weights: BTreeMap<String, Weights>,
    /// The optimizer's updates and memory.
    pub optimizer: BTreeMap<String, Weights>,
    /// Everything else.
    pub state: State,
}

impl Checkpoint {
    /// Writes all files into a folder, their checksums last.
    pub fn write(&self, folder: &Path) -> Result<(), RunError> {
        let [model, optimizer, state] = FILES.map(|name| folder.join(name));
        write_weights(&model, &self.weights, self.architecture.as_ref())?;
        write_weights(&optimizer, &self.optimizer, None)?;
        atomic_file::write(&state, &serde_json::to_vec_pretty(&self.state).expect("a state is plain data"))?;
        Checksums::of(folder, &FILES)?.write(folder)
    }

    /// The checkpoint with weights and memory of the optimizer under the names that parameters have now.
    #[must_use]
    pub fn under_current_names(self, architecture: &Architecture) -> Self {
        let former = architecture.former_names();
        let remembered = |(key, value): (String, Weights)| {
            let renamed = key.split_once('/').and_then(|(of, name)| Some((of, former.get(name)?)));
            (renamed.map_or(key.clone(), |(of, name)| format!("{of}/{name}")), value)
        };
        Self {
            weights: parameters::under_current_names(architecture, self.weights),
            optimizer: self.optimizer.into_iter().map(remembered).collect(),
            ..self
        }
    }

    /// Reads all of a checkpoint, which must be as it was written, finite, and one of a training.
    ///
    /// # Errors
    ///
    /// When a file is missing or broken, or does not belong to the others or to the folder's name.
    pub fn load(folder: &Path) -> Result<Self, RunError> {
        let [model, optimizer, state] = FILES.map(|name| folder.join(name));
        let checkpoint = Self {
            architecture: read_architecture(&model)?,
            weights: read_weights(&model)?,
            optimizer: read_weights(&optimizer)?,
            state: read_state(&state)?,
        };
        let step = checkpoint.state.step;
        let named = folder.file_name().and_then(|name| name.to_str()).and_then(step_of_name);
        if named != Some(step) || step > MOST_STEPS {
            return Err(RunError::run(
                &state,
                format!("this is the state of step {step}, not of this folder"),
            ));
        }
        if let Some(name) = parameters::not_finite(&checkpoint.weights) {
            return Err(RunError::run(&model, format!("the parameter {name} is not finite")));
        }
        if let Some(name) = parameters::not_finite(&checkpoint.optimizer) {
            return Err(RunError::run(&optimizer, format!("{name} is not finite")));
        }
        check_state(&checkpoint.optimizer, &checkpoint.weights).map_err(|reason| {
            RunError::run(&optimizer, format!("not the optimizer of this model: {reason}"))
        })?;
        Ok(checkpoint)
    }

    /// The name of a weight, or of what the optimizer remembers of one, that is not a finite number.
    pub fn not_finite(&self) -> Option<&str> {
        parameters::not_finite(&self.weights).or_else(|| parameters::not_finite(&self.optimizer))
    }
}

/// The step of a checkpoint's folder by its name.
pub fn step_of_name(name: &str) -> Option<u64> {
    name.strip_prefix("step-")?.parse().ok()
}

fn read_state(path: &Path) -> Result<State, RunError> {
    let text = atomic_file::read(path)?;
    Checksums::beside(path)?.check(path, text.as_bytes())?;
    serde_json::from_str(&text).map_err(|error| RunError::run(path, format!("not a training state: {error}")))
}

/// The newest checkpoint that training can go on from, in the words of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastGood(pub Option<u64>);

impl std::fmt::Display for LastGood {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(step) => write!(f, "the newest finite checkpoint is step-{step}"),
            None => write!(f, "there is no finite checkpoint"),
        }
    }
}

/// A checkpoint of one layer.
#[cfg(test)]
pub(crate) fn example(step: u64) -> Checkpoint {
    let weights = BTreeMap::from([(
        "layer.weight".to_owned(),
        Weights { shape: vec![2, 2], values: vec![1.0, -0.5, f32::MIN_POSITIVE, step as f32] },
    )]);
    let mean = Weights { shape: vec![4], values: vec![0.5; 4] };
    let optimizer = BTreeMap::from([("mean/layer.weight".to_owned(), mean)]);
    Checkpoint { architecture: None, optimizer, weights, state: State { step, ..State::default() } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoints::Checkpoints;

    #[test]
    fn of_equal_values_the_lower_loss_is_better() {
        let ranked = |value, loss| Ranked { step: 1, value, loss };
        for (larger, one, other, expected) in [
            (true, ranked(2.0, 1.0), ranked(1.0, 0.5), true),
            (false, ranked(2.0, 0.5), ranked(1.0, 1.0), false),
            (true, ranked(2.0, 0.5), ranked(2.0, 1.0), true),
            (false, ranked(2.0, 1.0), ranked(2.0, 0.5), false),
            (true, ranked(2.0, 1.0), ranked(2.0, 1.0), false),
        ] {
            assert_eq!(one.is_better(&other, larger), expected, "{one:?} {other:?} {larger}");
        }
    }

    /// Changes one file of the checkpoint of step 10, with the checksums that it was written with or without.
    fn broken(file: &str, sums: bool, change: impl Fn(&mut Vec<u8>)) -> String {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let checkpoints = Checkpoints::new(folder.path());
        for step in [5, 10] {
            checkpoints.save(&example(step)).expect("saved");
        }
        let path = checkpoints.step(10).join(file);
        let mut bytes = std::fs::read(&path).expect("written");
        change(&mut bytes);
        std::fs::write(&path, bytes).expect("written");
        if !sums {
            std::fs::remove_file(checkpoints.step(10).join("checksums.sha256")).expect("removed");
        }
        let error = Checkpoint::load(&checkpoints.step(10)).err().map_or_else(String::new, |e| e.to_string());
        assert_eq!(checkpoints.newest_whole(), Some(if error.is_empty() { 10 } else { 5 }), "{error}");
        error
    }

    #[test]
    fn a_checkpoint_is_as_it_was_written_or_refused() {
        let cut = |bytes: &mut Vec<u8>| bytes.truncate(bytes.len() / 2);
        let flip = |bytes: &mut Vec<u8>| *bytes.last_mut().expect("not empty") ^= 1;
        for file in FILES {
            assert!(broken(file, true, flip).contains(file));
            assert!(broken(file, true, cut).contains(file));
            assert!(broken(file, false, cut).contains(file));
        }
        assert_eq!(broken("state.json", false, |_| ()), "", "runs of before have no checksums");
        let replace = |from: &'static str, to: &'static str| {
            move |bytes: &mut Vec<u8>| *bytes = String::from_utf8_lossy(bytes).replace(from, to).into_bytes()
        };
        let error = broken("state.json", false, replace("\"step\": 10", "\"step\": 1000000000000000000"));
        assert!(error.contains("step 1000000000000000000"), "{error}");
        let error = broken("optimizer.safetensors", false, replace("mean/layer", "mean/lager"));
        assert!(error.contains("no parameter lager.weight"), "{error}");
    }
}
