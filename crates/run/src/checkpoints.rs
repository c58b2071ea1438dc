//! The checkpoints of a run, by step and by name.
//!
//! `checkpoints/step-N/` is a checkpoint. The files `checkpoints/best` and `checkpoints/last` hold the name of such a
//! folder. A folder appears under its name only when it is complete, and loses its name before any of its files; a
//! folder in the way of a new one is set aside, as `step-N.old-1`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use any2any_inference::ProductScales;
use tempfile::TempDir;

use crate::atomic_file::{self, UNFINISHED};
use crate::checkpoint::{Checkpoint, LastGood, step_of_name};
use crate::engine_options::{SCALES, scales_to_bytes};
use crate::error::RunError;

/// The checkpoints of a run.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    folder: PathBuf,
}

impl Checkpoints {
    /// Checkpoints in a folder, which need not exist yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder of a step's checkpoint.
    pub fn step(&self, step: u64) -> PathBuf {
        self.folder.join(format!("step-{step}"))
    }

    /// Writes a checkpoint whole, or not at all, and points `last` at it. Gives back where a folder that had its name
    /// has been set aside to.
    ///
    /// # Errors
    ///
    /// If a weight is not a finite number, or a file cannot be written.
    pub fn save(&self, checkpoint: &Checkpoint) -> Result<Option<PathBuf>, RunError> {
        self.save_with_scales(checkpoint, &BTreeMap::new())
    }

    /// Writes a checkpoint as [`save`](Self::save) does, with the scales of 8-bit products beside its weights.
    ///
    /// # Errors
    ///
    /// Those of [`save`](Self::save).
    pub fn save_with_scales(
        &self,
        checkpoint: &Checkpoint,
        scales: &BTreeMap<String, ProductScales>,
    ) -> Result<Option<PathBuf>, RunError> {
        let step = checkpoint.state.step;
        let unfinished = self.written(checkpoint)?;
        if !scales.is_empty() {
            atomic_file::write(&unfinished.path().join(SCALES), &scales_to_bytes(scales))?;
        }
        let place = self.step(step);
        // Another training has written this folder, since this one makes each step once.
        let aside = place.symlink_metadata().is_ok().then(|| atomic_file::set_aside(&place)).transpose()?;
        atomic_file::finish_folder(unfinished, &place)?;
        self.point("last", step)?;
        Ok(aside)
    }

    /// Replaces the checkpoint that this training has already written for the same step.
    ///
    /// # Errors
    ///
    /// If a weight is not a finite number, or a file cannot be written.
    pub fn save_once_more(&self, checkpoint: &Checkpoint) -> Result<(), RunError> {
        let step = checkpoint.state.step;
        let unfinished = self.written(checkpoint)?;
        // Meanwhile `last` names an earlier checkpoint, if there is one.
        if let Some(other) = self.steps()?.into_iter().rev().find(|&other| other < step) {
            self.point("last", other)?;
        }
        let before = self.take_out(step)?;
        atomic_file::finish_folder(unfinished, &self.step(step))?;
        self.point("last", step)?;
        before.close().map_err(RunError::io(&self.folder))
    }

    /// Writes the files of a checkpoint into a folder with a temporary name.
    fn written(&self, checkpoint: &Checkpoint) -> Result<TempDir, RunError> {
        if let Some(parameter) = checkpoint.not_finite() {
            return Err(self.diverged(checkpoint.state.step, parameter));
        }
        let unfinished = atomic_file::unfinished_folder(&self.folder, UNFINISHED)?;
        checkpoint.write(unfinished.path())?;
        Ok(unfinished)
    }

    /// Removes a checkpoint's name at once, so that its files, removed one by one, are never half a checkpoint.
    fn take_out(&self, step: u64) -> Result<TempDir, RunError> {
        let folder = self.step(step);
        let leaving = atomic_file::unfinished_folder(&self.folder, UNFINISHED)?;
        std::fs::rename(&folder, leaving.path().join("removed")).map_err(RunError::io(&folder))?;
        Ok(leaving)
    }

    /// The error of a training whose parameters are no longer finite.
    pub fn diverged(&self, step: u64, parameter: &str) -> RunError {
        RunError::Diverged { step, parameter: parameter.to_owned(), last_good: LastGood(self.newest_whole()) }
    }

    /// The newest step with a checkpoint that is whole and finite.
    pub fn newest_whole(&self) -> Option<u64> {
        self.steps().ok()?.into_iter().rev().find(|&step| Checkpoint::load(&self.step(step)).is_ok())
    }

    /// Sets all checkpoints after a step aside, and returns their new places. Training that goes on from the step
    /// passes them again, so that they are no longer what it leads to.
    pub fn go_back_to(&self, step: u64) -> Result<Vec<PathBuf>, RunError> {
        let later: Vec<u64> = self.steps()?.into_iter().filter(|&later| later > step).collect();
        if later.is_empty() {
            return Ok(Vec::new());
        }
        // First, so that `last` never names a missing folder.
        self.point("last", step)?;
        later.into_iter().rev().map(|later| atomic_file::set_aside(&self.step(later))).collect()
    }

    /// Points `best` or `last` at a step.
    pub fn point(&self, name: &str, step: u64) -> Result<(), RunError> {
        atomic_file::write(&self.folder.join(name), format!("step-{step}\n").as_bytes())
    }

    /// The folder of the checkpoint named `best`, `last` or `step-N`.
    pub fn resolve(&self, name: &str) -> Result<PathBuf, RunError> {
        let path = self.folder.join(name);
        let folder = if path.is_dir() && !["best", "last"].contains(&name) {
            path
        } else if path.exists() {
            self.named(&path)?
        } else {
            let known = self.steps()?.into_iter().map(|step| format!("step-{step}")).collect::<Vec<_>>();
            let known = if known.is_empty() { "none yet".to_owned() } else { known.join(", ") };
            return Err(RunError::run(&path, format!("there is no such checkpoint; there are: {known}")));
        };
        if folder.is_dir() {
            Ok(folder)
        } else {
            Err(RunError::run(&folder, format!("'{name}' names this checkpoint, but it is gone")))
        }
    }

    /// The checkpoint whose name is in the file `best` or `last`. Any other name would lead out of the run.
    fn named(&self, path: &Path) -> Result<PathBuf, RunError> {
        let text = if path.is_file() { atomic_file::read(path)? } else { String::new() };
        let step = text.trim().strip_prefix("step-").and_then(|step| step.parse().ok());
        let wrong = || RunError::run(path, "it must hold the name of a checkpoint here, such as step-100");
        step.map(|step| self.step(step)).ok_or_else(wrong)
    }

    /// The steps that have a checkpoint, in rising order.
    pub fn steps(&self) -> Result<Vec<u64>, RunError> {
        let entries = match std::fs::read_dir(&self.folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(RunError::io(&self.folder))?,
        };
        let mut steps: Vec<u64> = entries
            .filter_map(Result::ok)
            // A link may lead into another run, whose checkpoints must be neither loaded nor pruned.
            .filter(|entry| entry.file_type().is_ok_and(|kind| !kind.is_symlink()))
            .filter_map(|entry| step_of_name(entry.file_name().to_str()?))
            .collect();
        steps.sort_unstable();
        Ok(steps)
    }

    /// Removes all other checkpoints, and the remains of interrupted saves.
    pub fn keep_only(&self, steps: &[u64]) -> Result<(), RunError> {
        for step in self.steps()? {
            if !steps.contains(&step) {
                self.take_out(step)?.close().map_err(RunError::io(&self.folder))?;
            }
        }
        atomic_file::remove_unfinished(&self.folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::example as checkpoint;
    use crate::weights_file::count_weights;

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
            atomic_file::write(&folder.path().join("run/checkpoints/best"), name.as_bytes())
                .expect("written");
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
        std::fs::write(own.join(".unfinished-y"), "step-").expect("written");
        std::os::unix::fs::symlink(&other, own.join("best")).expect("linked");
        assert_eq!(checkpoints.steps().expect("listed"), [7]);
        checkpoints.resolve("best").expect_err("a link");
        checkpoints.keep_only(&[7]).expect("removed");
        assert!(!own.join(".unfinished-y").exists(), "a name that was half written");
        Checkpoint::load(&others.step(5)).expect("whole");
    }

    #[test]
    fn what_is_not_finite_is_not_saved() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let checkpoints = Checkpoints::new(folder.path());
        let spoilt = |step, optimizer: bool| {
            let mut spoilt = checkpoint(step);
            let spoil = if optimizer { &mut spoilt.optimizer } else { &mut spoilt.weights };
            spoil.values_mut().for_each(|weights| weights.values[0] = f32::INFINITY);
            spoilt
        };
        let error = checkpoints.save(&spoilt(5, false)).expect_err("not finite").to_string();
        assert!(error.contains("step 5: layer.weight") && error.contains("no finite checkpoint"), "{error}");
        checkpoints.save(&checkpoint(10)).expect("saved");
        let error = checkpoints.save(&spoilt(15, true)).expect_err("not finite").to_string();
        assert!(error.contains("mean/layer.weight") && error.contains("checkpoint is step-10"), "{error}");
        assert_eq!(checkpoints.steps().expect("listed"), [10]);
        assert_eq!(folder.path().read_dir().expect("a folder").count(), 2, "step-10 and last");
    }

    #[test]
    fn a_folder_in_the_way_is_set_aside() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let checkpoints = Checkpoints::new(folder.path());
        for step in [5, 10, 15] {
            assert_eq!(checkpoints.save(&checkpoint(step)).expect("saved"), None);
        }
        let aside = checkpoints.go_back_to(5).expect("moved");
        assert_eq!(aside, ["step-15.old-1", "step-10.old-1"].map(|name| folder.path().join(name)));
        assert!(checkpoints.resolve("last").expect("pointed").ends_with("step-5"));
        std::fs::create_dir(checkpoints.step(10)).expect("in the way");
        let aside = checkpoints.save(&checkpoint(10)).expect("saved").expect("set aside");
        assert!(aside.ends_with("step-10.old-2"));
        assert_eq!(Checkpoint::load(&checkpoints.step(10)).expect("whole").weights, checkpoint(10).weights);
        checkpoints.keep_only(&[5, 10]).expect("nothing to remove");
        assert!(folder.path().join("step-15.old-1").is_dir(), "what was set aside stays");
    }
}
