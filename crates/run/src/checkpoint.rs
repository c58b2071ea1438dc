//! Checkpoints: weights, and the states of optimizer and trainer, each in a file that other programs can read.
//!
//! A checkpoint's folder holds `model.safetensors`, `optimizer.safetensors` and `state.json`, and the checksums of the
//! three. Beside frozen weights, `lora.safetensors` holds the matrices of their low-rank adaptation.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::Path;

use any2any_architecture::Architecture;
use serde::{Deserialize, Serialize};

use crate::atomic_file;
use crate::checksums::Checksums;
use crate::error::RunError;
use crate::lora::{self, Lora};
use crate::optimizer_state::check_state;
use crate::parameters::{self, Weights};
use crate::weights_file::{read_architecture, read_unadapted_weights, read_weights, write_weights};

/// The files of a checkpoint.
const FILES: [&str; 3] = ["model.safetensors", "optimizer.safetensors", "state.json"];

/// The most steps of a training; counting on from larger numbers could overflow.
const MOST_STEPS: u64 = 1 << 40;

/// The state of a training besides weights and optimizer. Random numbers need none: they are derived from the step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The number of updates.
    pub step: u64,
    /// The checksum of the encoded training data, by which a resumed run knows that it has not changed.
    pub data: u32,
    /// The checksum of the encoded validation data; `None` in runs of early versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<u32>,
    /// The experiment of the training; `None` in runs of early versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experiment: Option<serde_json::Value>,
    /// The number of target tokens seen.
    pub tokens: u64,
    /// The training time in seconds.
    pub seconds: f64,
    /// The state of the plateau schedule.
    pub plateau: Plateau,
    /// The ranking of checkpoints, the best first.
    pub best: Vec<Ranked>,
    /// The number of evaluations since the best one.
    pub waited: usize,
    /// True if the training was stopped during this step's evaluation, which comes first when it is resumed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unevaluated: bool,
    /// The parameters that were not taken over as a whole from the run that the model started from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fresh: Vec<String>,
}

/// The state of a plateau schedule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plateau {
    /// The number of reductions of the rate.
    pub reductions: u32,
    /// The number of evaluations since the last improvement or reduction.
    pub waited: usize,
}

/// A checkpoint with the values that rank it.
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
    /// True if this checkpoint is better than another; `larger` says whether larger values are better.
    pub fn is_better(&self, other: &Self, larger: bool) -> bool {
        match self.value.total_cmp(&other.value) {
            Ordering::Greater => larger,
            Ordering::Less => !larger,
            Ordering::Equal => self.loss < other.loss,
        }
    }
}

/// A checkpoint of a training, in memory.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// The model's architecture; `None` in checkpoints of early versions.
    pub architecture: Option<Architecture>,
    /// The model's parameters.
    pub weights: BTreeMap<String, Weights>,
    /// The low-rank adaptation of the weights, which are then those before it.
    pub lora: Option<Lora>,
    /// The state of the optimizer, by parameter.
    pub optimizer: BTreeMap<String, Weights>,
    /// The state of the trainer.
    pub state: State,
}

impl Checkpoint {
    /// Writes all files into a folder, their checksums last.
    pub fn write(&self, folder: &Path) -> Result<(), RunError> {
        let [model, optimizer, state] = FILES.map(|name| folder.join(name));
        write_weights(&model, &self.weights, self.architecture.as_ref())?;
        write_weights(&optimizer, &self.optimizer, None)?;
        atomic_file::write(&state, &serde_json::to_vec_pretty(&self.state).expect("a state is plain data"))?;
        let mut files = FILES.to_vec();
        if let Some(lora) = &self.lora {
            lora.write(&folder.join(lora::FILE))?;
            files.push(lora::FILE);
        }
        Checksums::of(folder, &files)?.write(folder)
    }

    /// The checkpoint with its weights and optimizer state under current names of parameters.
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

    /// Loads a checkpoint, which must be unchanged, finite, and of a training.
    ///
    /// # Errors
    ///
    /// If a file is missing or broken, or does not belong to the others or to the folder's name.
    pub fn load(folder: &Path) -> Result<Self, RunError> {
        let [model, optimizer, state] = FILES.map(|name| folder.join(name));
        let checkpoint = Self {
            architecture: read_architecture(&model)?,
            weights: read_unadapted_weights(&model)?,
            lora: Lora::beside(&model)?,
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
        let lora = checkpoint.lora.as_ref().map(|lora| &lora.matrices);
        if let Some(name) = lora.and_then(parameters::not_finite) {
            return Err(RunError::run(&folder.join(lora::FILE), format!("{name} is not finite")));
        }
        let shape = |name: &str| {
            let weights = checkpoint.weights.get(name).or_else(|| lora?.get(name))?;
            Some(weights.shape.as_slice())
        };
        check_state(&checkpoint.optimizer, shape).map_err(|reason| {
            RunError::run(&optimizer, format!("not the optimizer of this model: {reason}"))
        })?;
        Ok(checkpoint)
    }

    /// The name of a weight, or of a value of the optimizer's state, that is not finite.
    pub fn not_finite(&self) -> Option<&str> {
        let lora = self.lora.as_ref().and_then(|lora| parameters::not_finite(&lora.matrices));
        parameters::not_finite(&self.weights).or(lora).or_else(|| parameters::not_finite(&self.optimizer))
    }
}

/// The step in the name of a checkpoint's folder.
pub fn step_of_name(name: &str) -> Option<u64> {
    name.strip_prefix("step-")?.parse().ok()
}

fn read_state(path: &Path) -> Result<State, RunError> {
    let text = atomic_file::read(path)?;
    Checksums::beside(path)?.check(path, text.as_bytes())?;
    serde_json::from_str(&text).map_err(|error| RunError::run(path, format!("not a training state: {error}")))
}

/// The newest checkpoint from which training can be resumed, in the words of an error.
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

/// A checkpoint of a model with one layer.
#[cfg(test)]
pub(crate) fn example(step: u64) -> Checkpoint {
    let weights = BTreeMap::from([(
        "layer.weight".to_owned(),
        Weights { shape: vec![2, 2], values: vec![1.0, -0.5, f32::MIN_POSITIVE, step as f32] },
    )]);
    let mean = Weights { shape: vec![4], values: vec![0.5; 4] };
    let optimizer = BTreeMap::from([("mean/layer.weight".to_owned(), mean)]);
    Checkpoint {
        architecture: None,
        optimizer,
        lora: None,
        weights,
        state: State { step, ..State::default() },
    }
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
