//! The folder of a run, which a training writes and every later command reads.

use std::fs::DirEntry;
use std::path::{Path, PathBuf};

use any2any_adapter::Registry;
use any2any_architecture::Architecture;
use any2any_experiment::real_path;
use any2any_experiment::spec::Experiment;
use any2any_inference::Precision;
use any2any_model::{Initializer, Model};
use burn::module::Module;
use burn::tensor::Device;

use crate::adapters::AdapterSet;
use crate::checkpoints::Checkpoints;
use crate::checksums::Checksums;
use crate::engine_options::{SCALES, read_product_scales, scales_to_bytes};
use crate::error::RunError;
use crate::loaded::check_file;
use crate::lock::{self, RunLock, is_running};
use crate::model_config::{architecture, model_config};
use crate::quantized::write_rounded_weights;
use crate::weights_file::{read_finite_weights, read_weights, write_weights};
use crate::{atomic_file, parameters};

/// The folder of a run.
#[derive(Clone, Debug)]
pub struct RunFolder {
    folder: PathBuf,
}

/// The treatment of a folder that already holds a run, when a new one starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Existing {
    /// Refuses to start.
    Keep,
    /// Moves the old folder aside, to a name that ends in a number.
    SetAside,
}

/// The texts of an experiment that a run keeps.
#[derive(Clone, Copy, Debug)]
pub struct ExperimentTexts<'a> {
    /// The text as given.
    pub given: &'a str,
    /// The experiment with every default.
    pub resolved: &'a str,
}

/// The path, within the run's folder and without extension, of the file with an output for a sample of a task's
/// validation split after a step.
pub fn written_stem(step: u64, task: &str, sample: usize) -> String {
    format!("samples/step-{step}/{task}-{sample}")
}

impl RunFolder {
    /// The run of a folder, which need not exist yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The path of the folder.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// The checkpoints of the run.
    pub fn checkpoints(&self) -> Checkpoints {
        Checkpoints::new(self.folder.join("checkpoints"))
    }

    /// The file with the metrics of training and validation, a JSON object a line.
    pub fn metrics(&self) -> PathBuf {
        self.folder.join("metrics.jsonl")
    }

    /// The folder of TensorBoard's event files.
    pub fn events(&self) -> PathBuf {
        self.folder.join("events")
    }

    /// The file with an output for a sample of a task's validation split after a step. Texts have none: they stand in
    /// [`metrics`](Self::metrics).
    pub fn written(&self, step: u64, task: &str, sample: usize) -> Option<PathBuf> {
        let stem = self.folder.join(written_stem(step, task, sample));
        let mut files = stem.parent()?.read_dir().ok()?.filter_map(|entry| Some(entry.ok()?.path()));
        files.find(|file| file.with_extension("") == stem)
    }

    /// The final scores of a fold of a cross-validation, one for each task; `None` if it has not ended.
    ///
    /// # Errors
    ///
    /// If the file is no list.
    pub fn scores(&self) -> Result<Option<serde_json::Value>, RunError> {
        let path = self.scores_file();
        if !path.is_file() {
            return Ok(None);
        }
        let broken = |reason: String| {
            RunError::run(
                &path,
                format!("no scores can be read from it ({reason}); remove it to score the run anew"),
            )
        };
        let scores: serde_json::Value =
            serde_json::from_str(&atomic_file::read(&path)?).map_err(|error| broken(error.to_string()))?;
        if scores.is_array() { Ok(Some(scores)) } else { Err(broken("it is no list".to_owned())) }
    }

    /// The file of [`scores`](Self::scores).
    pub fn scores_file(&self) -> PathBuf {
        self.folder.join("scores.json")
    }

    /// The file of the model card.
    pub fn card(&self) -> PathBuf {
        self.folder.join("README.md")
    }

    /// Fails if no new run may start here.
    ///
    /// # Errors
    ///
    /// If the folder already holds files that are to be kept.
    pub fn check_free(&self, existing: Existing) -> Result<(), RunError> {
        self.check_kept(existing)?;
        if is_running(&self.folder) { Err(RunError::Occupied(self.folder.clone())) } else { Ok(()) }
    }

    fn check_kept(&self, existing: Existing) -> Result<(), RunError> {
        match existing {
            Existing::Keep if self.is_occupied() => Err(RunError::RunExists(self.folder.clone())),
            _ => Ok(()),
        }
    }

    fn is_occupied(&self) -> bool {
        let is_lock = |entry: &std::io::Result<DirEntry>| {
            entry.as_ref().is_ok_and(|entry| lock::is_lock(&entry.file_name()))
        };
        self.folder.read_dir().is_ok_and(|entries| entries.filter(|entry| !is_lock(entry)).count() > 0)
    }

    /// Starts a run: the experiment as given and resolved, and the adapters' state. The result locks the folder against
    /// other trainings.
    ///
    /// # Errors
    ///
    /// If the folder holds files that are to be kept, a training runs there, or it cannot be written.
    pub fn create(
        &self,
        experiment: ExperimentTexts<'_>,
        adapters: &AdapterSet,
        existing: Existing,
    ) -> Result<RunLock, RunError> {
        self.check_free(existing)?;
        // Locked before any file is moved away: a training may run here.
        let mut running = RunLock::alone(&self.folder)?;
        self.check_kept(existing)?;
        if self.is_occupied() {
            // Only Unix moves a folder with an open file in it; the old lock is held until the new one is.
            let before = cfg!(unix).then_some(running);
            atomic_file::set_aside(&self.folder)?;
            running = RunLock::alone(&self.folder)?;
            drop(before);
        }
        atomic_file::write(&self.folder.join("experiment.yaml"), experiment.given.as_bytes())?;
        adapters.save(&self.folder.join("vocab"))?;
        // Last, since its presence says that the run can be resumed.
        atomic_file::write(&self.folder.join("resolved.yaml"), experiment.resolved.as_bytes())?;
        Ok(running)
    }

    /// Fails for a run with a link that leads out of it: a resumed training would write there and prune files, and a
    /// server would show them.
    ///
    /// # Errors
    ///
    /// If there is such a link: the first one.
    pub fn require_whole(&self) -> Result<(), RunError> {
        let folder = real_path(&self.folder);
        let mut open = vec![self.folder.clone()];
        while let Some(place) = open.pop() {
            for entry in place.read_dir().into_iter().flatten().flatten() {
                let (path, kind) = (entry.path(), entry.file_type().map_err(RunError::io(&place))?);
                if kind.is_dir() {
                    open.push(path);
                } else if kind.is_symlink() && !real_path(&path).starts_with(&folder) {
                    return Err(RunError::LeadsOut(path));
                }
            }
        }
        Ok(())
    }

    /// True if the folder holds a run.
    pub(crate) fn is_there(&self) -> bool {
        self.folder.join("resolved.yaml").is_file()
    }

    /// The text of the experiment with every default.
    pub fn resolved(&self) -> Result<String, RunError> {
        if !self.is_there() {
            return Err(RunError::NoRun(self.folder.clone()));
        }
        let path = self.folder.join("resolved.yaml");
        any2any_experiment::read_text(&path).map_err(RunError::Experiment)
    }

    /// The experiment of the run, whose data files need not exist.
    pub fn experiment(&self, registry: &Registry) -> Result<any2any_experiment::Document, RunError> {
        let text = self.resolved()?;
        let name = self.folder.join("resolved.yaml").display().to_string();
        any2any_experiment::load_run(&name, &text, &self.folder, registry).map_err(RunError::Experiment)
    }

    /// The experiment of the run, with its data in the given folder, if it has been moved.
    ///
    /// # Errors
    ///
    /// If the folder holds no run, or none of its data is in the other folder.
    pub fn experiment_on(
        &self,
        files: Option<&Path>,
        registry: &Registry,
    ) -> Result<any2any_experiment::Document, RunError> {
        let mut document = self.experiment(registry)?;
        if let Some(files) = files {
            document.move_data(files).map_err(RunError::Experiment)?;
        }
        Ok(document)
    }

    /// The adapters of the run.
    pub fn adapters(&self, experiment: &Experiment, registry: &Registry) -> Result<AdapterSet, RunError> {
        AdapterSet::load(experiment, registry, &self.folder.join("vocab"))
    }

    /// Copies all that translation needs to a new folder, which is then a run that can translate, be evaluated and be
    /// described, but not be resumed. Its weights have 32 or 8 bits.
    ///
    /// The new folder can be given away: the paths of its data are relative to it, and name only folders that it shares
    /// with the data. It appears under its name when it is complete.
    ///
    /// # Errors
    ///
    /// If the output folder is not empty, a weight is not a finite number, or a file cannot be read or written.
    pub fn export(
        &self,
        checkpoint: &str,
        output: &Path,
        registry: &Registry,
        precision: Precision,
    ) -> Result<(), RunError> {
        if Self::new(output).is_occupied() {
            let reason = "this folder is not empty; export to another one, or move it away";
            return Err(RunError::run(output, reason));
        }
        let document = self.experiment(registry)?;
        let adapters = self.adapters(&document.experiment, registry)?;
        let given = self.weights_file(checkpoint)?;
        let architecture = architecture(&document.experiment, &adapters);
        check_file(&architecture, &given)?;
        let weights = parameters::under_current_names(&architecture, read_finite_weights(&given)?);
        let beside =
            output.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let unfinished = atomic_file::unfinished_folder(beside, ".unfinished-export-")?;
        let exported = Self::new(unfinished.path());
        adapters.save(&exported.folder.join("vocab"))?;
        let place = exported.checkpoints().step(0);
        let file = place.join("model.safetensors");
        match precision {
            Precision::Float32 => write_weights(&file, &weights, Some(&architecture))?,
            Precision::Int8 => write_rounded_weights(&file, &weights, Some(&architecture))?,
        }
        Checksums::of(&place, &["model.safetensors"])?.write(&place)?;
        let scales = read_product_scales(&given)?;
        if !scales.is_empty() {
            atomic_file::write(&place.join(SCALES), &scales_to_bytes(&scales))?;
        }
        self.copy_shortlists(&adapters, &exported)?;
        exported.checkpoints().point("best", 0)?;
        exported.checkpoints().point("last", 0)?;
        let (resolved, mut paths) = document.portable_yaml(output);
        if self.card().is_file() {
            // Longer paths first: a path may be the beginning of another one.
            paths.sort_by_key(|(before, _)| std::cmp::Reverse(before.len()));
            let card = paths
                .iter()
                .fold(atomic_file::read(&self.card())?, |card, (before, after)| card.replace(before, after));
            atomic_file::write(&exported.card(), card.as_bytes())?;
        }
        atomic_file::write(&exported.folder.join("resolved.yaml"), resolved.as_bytes())?;
        atomic_file::finish_folder(unfinished, output)
    }

    /// The model's architecture, checked against the parameters of a checkpoint, if there is one.
    ///
    /// # Errors
    ///
    /// If the checkpoint is of another model.
    pub fn architecture(
        &self,
        experiment: &Experiment,
        adapters: &AdapterSet,
    ) -> Result<Architecture, RunError> {
        let architecture = architecture(experiment, adapters);
        if !self.checkpoints().steps()?.is_empty() {
            check_file(&architecture, &self.weights_file("best")?)?;
        }
        Ok(architecture)
    }

    /// The file with the weights of a checkpoint.
    pub fn weights_file(&self, checkpoint: &str) -> Result<PathBuf, RunError> {
        match Path::new(checkpoint) {
            path if path.is_file() => Ok(path.to_owned()),
            _ => Ok(self.checkpoints().resolve(checkpoint)?.join("model.safetensors")),
        }
    }

    /// The model with the weights of a checkpoint (`best`, `last`, `step-N`), or of a safetensors file.
    pub fn model(
        &self,
        experiment: &Experiment,
        adapters: &AdapterSet,
        checkpoint: &str,
        device: &Device,
    ) -> Result<Model, RunError> {
        let file = self.weights_file(checkpoint)?;
        let architecture = architecture(experiment, adapters);
        check_file(&architecture, &file)?;
        let weights = parameters::under_current_names(&architecture, read_weights(&file)?);
        let model = fresh_model(experiment, adapters, device);
        parameters::with_weights(model, &weights)
            .map_err(|reason| RunError::run(&file, format!("these weights are of another model: {reason}")))
            .map(|model| model.valid())
    }
}

/// The initial model of an experiment, before training.
pub fn fresh_model(experiment: &Experiment, adapters: &AdapterSet, device: &Device) -> Model {
    let seed = any2any_adapter::Seed(experiment.seed);
    model_config(experiment, adapters).init(&Initializer::new(seed, device))
}
