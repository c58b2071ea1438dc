//! Checkpoints: weights, the optimizer's state and the trainer's, each a file that other programs can read.
//!
//! `checkpoints/step-N/` holds `model.safetensors`, `optimizer.safetensors` and `state.json`. The files
//! `checkpoints/best` and `checkpoints/last` hold the name of such a folder. A folder appears under its name
//! only when it is complete.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, Metadata, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use crate::error::TrainError;
use crate::files;
use crate::parameters::Weights;
use crate::rounded::{SCALE, restore};
use crate::schedule::Plateau;

/// What training needs to go on besides weights; random numbers are derived from the step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Updates made.
    pub step: u64,
    /// The checksum of the encoded training data, by which a resumed run knows that it is still the same.
    pub data: u32,
    /// The same of the validation data; none of a run that was written before it was kept.
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
    pub(crate) fn is_better(&self, other: &Self, larger: bool) -> bool {
        match self.value.total_cmp(&other.value) {
            Ordering::Greater => larger,
            Ordering::Less => !larger,
            Ordering::Equal => self.loss < other.loss,
        }
    }
}

/// The checkpoints of a run.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    folder: PathBuf,
}

/// What a checkpoint of a training holds.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// The model's parameters.
    pub weights: BTreeMap<String, Weights>,
    /// The optimizer's updates and memory.
    pub optimizer: BTreeMap<String, Weights>,
    /// Everything else.
    pub state: State,
}

impl Checkpoints {
    /// The checkpoints in a folder, which need not exist yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder of a step's checkpoint.
    pub fn step(&self, step: u64) -> PathBuf {
        self.folder.join(format!("step-{step}"))
    }

    /// Writes a checkpoint whole, or not at all, and points `last` at it.
    pub fn save(&self, checkpoint: &Checkpoint) -> Result<(), TrainError> {
        let step = checkpoint.state.step;
        let place = self.step(step);
        if !place.exists() {
            std::fs::create_dir_all(&self.folder).map_err(TrainError::io(&self.folder))?;
            let unfinished = tempfile::TempDir::with_prefix_in(".unfinished-", &self.folder)
                .map_err(TrainError::io(&place))?;
            write_weights(&unfinished.path().join("model.safetensors"), &checkpoint.weights)?;
            write_weights(&unfinished.path().join("optimizer.safetensors"), &checkpoint.optimizer)?;
            let state = serde_json::to_vec_pretty(&checkpoint.state).expect("a state is plain data");
            files::write(&unfinished.path().join("state.json"), &state)?;
            std::fs::rename(unfinished.keep(), &place).map_err(TrainError::io(&place))?;
        }
        self.point("last", step)
    }

    /// Points `best` or `last` at a step.
    pub fn point(&self, name: &str, step: u64) -> Result<(), TrainError> {
        files::write(&self.folder.join(name), format!("step-{step}\n").as_bytes())
    }

    /// The folder that `best`, `last` or `step-N` names.
    pub fn resolve(&self, name: &str) -> Result<PathBuf, TrainError> {
        let path = self.folder.join(name);
        let folder = if path.is_dir() && !["best", "last"].contains(&name) {
            path
        } else if path.exists() {
            self.named(&path)?
        } else {
            let known = self.steps()?.into_iter().map(|step| format!("step-{step}")).collect::<Vec<_>>();
            let known = if known.is_empty() { "none yet".to_owned() } else { known.join(", ") };
            return Err(TrainError::run(&path, format!("there is no such checkpoint; there are: {known}")));
        };
        if folder.is_dir() {
            Ok(folder)
        } else {
            Err(TrainError::run(&folder, format!("'{name}' names this checkpoint, but it is gone")))
        }
    }

    /// The checkpoint that the file `best` or `last` holds the name of. Any other name would lead out of the run.
    fn named(&self, path: &Path) -> Result<PathBuf, TrainError> {
        let text = if path.is_file() { files::read(path)? } else { String::new() };
        let step = text.trim().strip_prefix("step-").and_then(|step| step.parse().ok());
        let wrong = || TrainError::run(path, "it must hold the name of a checkpoint here, such as step-100");
        step.map(|step| self.step(step)).ok_or_else(wrong)
    }

    /// The steps that have a checkpoint, in order.
    pub fn steps(&self) -> Result<Vec<u64>, TrainError> {
        let entries = match std::fs::read_dir(&self.folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(TrainError::io(&self.folder))?,
        };
        let mut steps: Vec<u64> = entries
            .filter_map(Result::ok)
            // A link may lead into another run, whose checkpoints are not to be taken, nor pruned.
            .filter(|entry| entry.file_type().is_ok_and(|kind| !kind.is_symlink()))
            .filter_map(|entry| entry.file_name().to_str()?.strip_prefix("step-")?.parse().ok())
            .collect();
        steps.sort_unstable();
        Ok(steps)
    }

    /// Removes every checkpoint but these, and what an interrupted save left behind.
    pub fn keep_only(&self, steps: &[u64]) -> Result<(), TrainError> {
        for step in self.steps()? {
            if !steps.contains(&step) {
                let folder = self.step(step);
                std::fs::remove_dir_all(&folder).map_err(TrainError::io(&folder))?;
            }
        }
        for entry in std::fs::read_dir(&self.folder).map_err(TrainError::io(&self.folder))?.flatten() {
            let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
            if !is_link && entry.file_name().to_string_lossy().starts_with(".unfinished-") {
                std::fs::remove_dir_all(entry.path()).map_err(TrainError::io(&entry.path()))?;
            }
        }
        Ok(())
    }
}

impl Checkpoint {
    /// Reads all of a checkpoint.
    pub fn load(folder: &Path) -> Result<Self, TrainError> {
        let state = folder.join("state.json");
        Ok(Self {
            weights: read_weights(&folder.join("model.safetensors"))?,
            optimizer: read_weights(&folder.join("optimizer.safetensors"))?,
            state: serde_json::from_str(&files::read(&state)?)
                .map_err(|error| TrainError::run(&state, format!("not a training state: {error}")))?,
        })
    }
}

/// Writes parameters as safetensors.
pub fn write_weights(path: &Path, weights: &BTreeMap<String, Weights>) -> Result<(), TrainError> {
    let views: Vec<(&String, TensorView<'_>)> = weights
        .iter()
        .map(|(name, weights)| {
            let bytes = bytemuck::cast_slice(&weights.values);
            TensorView::new(Dtype::F32, weights.shape.clone(), bytes).map(|view| (name, view))
        })
        .collect::<Result<_, _>>()
        .map_err(|error| TrainError::run(path, format!("cannot write these weights: {error}")))?;
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    let bytes = safetensors::serialize(views, Some(metadata))
        .map_err(|error| TrainError::run(path, format!("cannot write these weights: {error}")))?;
    files::write(path, &bytes)
}

/// Reads parameters from safetensors; those in 8 bits become floats.
pub fn read_weights(path: &Path) -> Result<BTreeMap<String, Weights>, TrainError> {
    read_any_weights(path).map(|(weights, _)| weights)
}

/// The same, and whether some stand there in 8 bits.
pub(crate) fn read_any_weights(path: &Path) -> Result<(BTreeMap<String, Weights>, bool), TrainError> {
    let bytes = std::fs::read(path).map_err(TrainError::io(path))?;
    let broken = |reason: String| {
        TrainError::run(
            path,
            format!("not a safetensors file of 32-bit floats or of 8 bits with scales: {reason}"),
        )
    };
    let tensors = SafeTensors::deserialize(&bytes).map_err(|error| broken(error.to_string()))?;
    let (mut weights, mut rounded) = (BTreeMap::new(), Vec::new());
    for (name, view) in tensors.tensors() {
        match view.dtype() {
            Dtype::F32 => {
                // The file gives no alignment, so values are read one by one.
                let (fours, _) = view.data().as_chunks::<4>();
                let values = fours.iter().map(|&four| f32::from_le_bytes(four)).collect();
                weights.insert(name, Weights { shape: view.shape().to_vec(), values });
            }
            Dtype::I8 => rounded.push((name, view)),
            other => return Err(broken(format!("{name} holds {other:?}"))),
        }
    }
    let any_rounded = !rounded.is_empty();
    for (name, view) in rounded {
        let scales = weights.remove(&format!("{name}{SCALE}"));
        let scales = scales.ok_or_else(|| broken(format!("{name} has no {name}{SCALE} beside it")))?;
        let restored = restore(&name, view.shape(), view.data(), &scales.values);
        let restored = restored.ok_or_else(|| broken(format!("{name} does not fit its {name}{SCALE}")))?;
        weights.insert(name, restored);
    }
    Ok((weights, any_rounded))
}

/// How many parameters a safetensors file holds, scales not counted: its head alone is read.
pub fn count_weights(path: &Path) -> Result<u64, TrainError> {
    let broken = |reason: String| TrainError::run(path, format!("not a safetensors file: {reason}"));
    let mut file = File::open(path).map_err(TrainError::io(path))?;
    let mut length = [0; 8];
    file.read_exact(&mut length).map_err(TrainError::io(path))?;
    let (length, most) = (u64::from_le_bytes(length), file.metadata().map_err(TrainError::io(path))?.len());
    if length > most {
        return Err(broken(format!("its head has {length} bytes, and all of it {most}")));
    }
    let mut head = Vec::new();
    file.take(length).read_to_end(&mut head).map_err(TrainError::io(path))?;
    let head: Metadata = serde_json::from_slice(&head).map_err(|error| broken(error.to_string()))?;
    let tensors = head.tensors();
    let is_scale = |name: &str| {
        let scaled = name.strip_suffix(SCALE).and_then(|name| tensors.get(name));
        scaled.is_some_and(|scaled| scaled.dtype == Dtype::I8)
    };
    let weights = tensors.iter().filter(|(name, _)| !is_scale(name));
    Ok(weights.map(|(_, tensor)| tensor.shape.iter().product::<usize>() as u64).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint(step: u64) -> Checkpoint {
        let weights = BTreeMap::from([(
            "layer.weight".to_owned(),
            Weights { shape: vec![2, 2], values: vec![1.0, -0.5, f32::MIN_POSITIVE, step as f32] },
        )]);
        Checkpoint { optimizer: weights.clone(), weights, state: State { step, ..State::default() } }
    }

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

    #[test]
    fn checkpoints_come_back_and_old_ones_go() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let checkpoints = Checkpoints::new(folder.path());
        assert!(checkpoints.resolve("last").expect_err("nothing yet").to_string().contains("none yet"));
        for step in [5, 10, 15] {
            checkpoints.save(&checkpoint(step)).expect("saved");
        }
        checkpoints.point("best", 5).expect("pointed");
        let last = Checkpoint::load(&checkpoints.resolve("last").expect("saved")).expect("whole");
        assert_eq!(last.weights, checkpoint(15).weights);
        let counted = count_weights(&checkpoints.step(15).join("model.safetensors"));
        assert_eq!(counted.expect("whole"), 4);
        assert_eq!(last.state, checkpoint(15).state);
        checkpoints.keep_only(&[5, 15]).expect("removed");
        assert_eq!(checkpoints.steps().expect("listed"), [5, 15]);
        assert!(checkpoints.resolve("best").expect("kept").ends_with("step-5"));
        let error = checkpoints.resolve("step-10").expect_err("removed").to_string();
        assert!(error.contains("step-5, step-15"), "{error}");
    }

    #[test]
    fn best_and_last_name_steps_of_this_run_only() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let checkpoints = Checkpoints::new(folder.path().join("run/checkpoints"));
        checkpoints.save(&checkpoint(5)).expect("saved");
        std::fs::create_dir(folder.path().join("elsewhere")).expect("made");
        for name in ["../../elsewhere", "/etc", "step-5/../../../elsewhere", "step-", "", "step-5x"] {
            files::write(&folder.path().join("run/checkpoints/best"), name.as_bytes()).expect("written");
            let error = checkpoints.resolve("best").expect_err(name).to_string();
            assert!(error.contains("best: it must hold the name of a checkpoint"), "{error}");
        }
        checkpoints.point("best", 5).expect("pointed");
        assert!(checkpoints.resolve("best").expect("sound").ends_with("step-5"));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_no_checkpoints_and_nothing_behind_them_is_pruned() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (own, other) = (folder.path().join("own"), folder.path().join("other"));
        let others = Checkpoints::new(&other);
        others.save(&checkpoint(5)).expect("saved");
        let checkpoints = Checkpoints::new(&own);
        checkpoints.save(&checkpoint(7)).expect("saved");
        std::os::unix::fs::symlink(others.step(5), checkpoints.step(5)).expect("linked");
        std::os::unix::fs::symlink(&other, own.join(".unfinished-x")).expect("linked");
        std::os::unix::fs::symlink(&other, own.join("best")).expect("linked");
        assert_eq!(checkpoints.steps().expect("listed"), [7]);
        checkpoints.resolve("best").expect_err("a link");
        checkpoints.keep_only(&[7]).expect("removed");
        Checkpoint::load(&others.step(5)).expect("whole");
    }

    #[test]
    fn broken_files_are_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("model.safetensors");
        std::fs::write(&path, b"not weights").expect("written");
        let error = count_weights(&path).expect_err("broken").to_string();
        assert!(error.contains("model.safetensors"), "{error}");
        let error = read_weights(&path).expect_err("broken").to_string();
        assert!(error.contains("model.safetensors"), "{error}");
    }
}
