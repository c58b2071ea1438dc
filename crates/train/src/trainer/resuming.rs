//! Resumption of a training: its checkpoint, the changes since then, and the checkpoints that are passed over.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use any2any_adapter::Registry;
use any2any_data::{DataRoot, Limits};
use any2any_experiment::Document;
use any2any_run::{
    Checkpoint, Checkpoints, RunError, RunFolder, RunLock, Start, State, architecture, parameters, shapes_of,
};
use any2any_translate::{HeldOut, load_split};

use super::Trainer;
use crate::changes::Changes;
use crate::error::TrainError;
use crate::learning::Rates;
use crate::optimizer::Optimizer;
use crate::prepare::{PreparedTask, Watch, store, stored};
use crate::ranks::Ranks;

/// Options of a resumed training.
#[derive(Clone, Debug, Default)]
pub struct Resuming {
    /// A new number of steps, to train beyond the old end.
    pub steps: Option<u64>,
    /// The folder to which the data has been moved; `None` if it is where the run says.
    pub files: Option<PathBuf>,
    /// True to accept changes that lead to another model.
    pub accept_changes: bool,
    /// The checkpoint to resume (`best`, `last`, `step-N`); `None`: the newest that is whole.
    pub from: Option<String>,
}

impl Trainer {
    /// Resumes a training from its last checkpoint, as if it had never stopped. If that one is broken, it resumes the
    /// newest that is whole; later ones are set aside.
    ///
    /// # Errors
    ///
    /// If the folder holds no run, a training runs there, no checkpoint is whole, the data is missing, or experiment or
    /// data have changed such that another model would result.
    pub fn resume(
        run: RunFolder,
        registry: &Registry,
        root: &DataRoot,
        resuming: Resuming,
    ) -> Result<Self, TrainError> {
        Self::resume_among(&Ranks::alone(), run, registry, root, resuming, &mut |_| ())
    }

    /// Resumes a training as one of several ranks, on as many as share the batches of an update, whatever number it ran on
    /// before, and before the eyes of a person, who may have to wait for data that is larger than memory. All read the run's
    /// folder, which the first alone writes.
    ///
    /// # Errors
    ///
    /// Those of [`resume`](Self::resume) on any rank, or if the ranks cannot share the batches of an update.
    pub fn resume_among(
        ranks: &Ranks,
        run: RunFolder,
        registry: &Registry,
        root: &DataRoot,
        resuming: Resuming,
        watch: &mut Watch<'_>,
    ) -> Result<Self, TrainError> {
        if ranks.is_first() {
            let trainer = ranks.agree(Self::resume_on(ranks, run, registry, root, resuming, watch))?;
            ranks.broadcast(trainer.state.step)?;
            return ranks.agree(Ok(trainer));
        }
        ranks.agree(Ok::<_, TrainError>(()))?;
        // Later checkpoints have been set aside, if they were not whole.
        let step = ranks.broadcast(0)?;
        let there = run.checkpoints().steps()?.contains(&step);
        let resuming = Resuming { from: there.then(|| format!("step-{step}")), ..resuming };
        ranks.agree(Self::resume_on(ranks, run, registry, root, resuming, watch))
    }

    fn resume_on(
        ranks: &Ranks,
        run: RunFolder,
        registry: &Registry,
        root: &DataRoot,
        Resuming { steps, files, accept_changes, from }: Resuming,
        watch: &mut Watch<'_>,
    ) -> Result<Self, TrainError> {
        let root = files.iter().fold(root.for_run(run.path()), DataRoot::with_folder);
        if !root.trusts_runs() {
            run.require_whole()?;
        }
        let document = run.experiment_on(files.as_deref(), registry)?;
        // Locked before anything is read: another training may be writing.
        let running = ranks.is_first().then(|| RunLock::alone(run.path())).transpose()?;
        let adapters = run.adapters(&document.experiment, registry)?;
        let architecture = architecture(&document.experiment, &adapters);
        let shapes = shapes_of(&architecture);
        let load = |folder: &Path| {
            let checkpoint = Checkpoint::load(folder)?.under_current_names(&architecture);
            let changes = changes_since(&checkpoint, &document, run.path(), registry)?;
            // If the model has been changed, its changes explain more than wrong shapes.
            if changes.model.is_empty() {
                let found = checkpoint.weights.iter().map(|(name, weights)| (name, &weights.shape));
                parameters::check_shapes(&shapes, found).map_err(|reason| RunError::run(folder, reason))?;
            }
            Ok((checkpoint, changes))
        };
        let (loaded, broken) = start_of(&run.checkpoints(), from.as_deref(), load)?;
        let mut experiment = document.experiment;
        experiment.training.steps = steps.unwrap_or(experiment.training.steps);
        let device = any2any_run::device::device(&experiment.device)?;
        let limits = Limits {
            source: experiment.training.batch.max_source_length,
            target: experiment.training.batch.max_target_length,
        };
        let tasks = adapters
            .tasks()
            .iter()
            .map(|task| {
                let name = task.name().to_owned();
                let dataset = task.sides().dataset(&task.spec().data, &root).map_err(RunError::data)?;
                let split = |role: &str| load_split(&dataset, task, role);
                let held_out = |role: &str| {
                    dataset
                        .has_split(role)
                        .then(|| HeldOut::of(dataset.split(role)?, task, false, None))
                        .transpose()
                };
                let streamed = stored(&dataset, task.spec().data.store);
                let (train, stored) = match streamed {
                    Some(streamed) => {
                        let cache = root.cache().map_err(RunError::data)?;
                        let stored = store(task, &streamed, &cache, &adapters.digest()?, watch)?;
                        (stored.findings(), Some(Arc::new(stored)))
                    }
                    None => (split("train")?, None),
                };
                let selection = match &stored {
                    Some(stored) => limits.select(stored.lengths()),
                    None => limits.select(&train.lengths()),
                };
                let (validation, test) = (held_out("validation")?, held_out("test")?);
                Ok(PreparedTask { name, train, stored, selection, validation, test })
            })
            .collect::<Result<_, TrainError>>()?;
        let share = ranks.share(experiment.training.accumulate)?;
        let new = Self::new(experiment, adapters, run, device, tasks);
        let mut trainer = Self { running, ranks: ranks.clone(), share, ..new };
        if let Some((checkpoint, changes)) = loaded {
            trainer.restore(checkpoint, changes, accept_changes)?;
            if ranks.is_first() {
                trainer.pass_over(broken)?;
            }
        } else if let Some(start) = Start::of(&trainer.experiment, registry)? {
            trainer.take_over(&start);
        }
        Ok(trainer)
    }

    /// Sets aside the checkpoints that this training makes again, and keeps a message about each.
    fn pass_over(&mut self, broken: Vec<TrainError>) -> Result<(), TrainError> {
        let (checkpoints, step) = (self.run.checkpoints(), self.state.step);
        self.passed_over =
            broken.iter().map(|error| format!("{error}; training goes on from step-{step}")).collect();
        for aside in checkpoints.go_back_to(step)? {
            let words = format!("a checkpoint after step-{step} is kept as {}", aside.display());
            self.passed_over.push(words);
        }
        // Checkpoints that were the best then may have been removed since.
        let there = checkpoints.steps()?;
        self.state.best.retain(|ranked| there.contains(&ranked.step));
        // A training that ended between writing a checkpoint and its names has left former names.
        checkpoints.point("last", step)?;
        self.prune()
    }

    fn restore(
        &mut self,
        checkpoint: Checkpoint,
        Changes { mut model, scores }: Changes,
        accepted: bool,
    ) -> Result<(), TrainError> {
        let place = self.run.checkpoints().step(checkpoint.state.step);
        if checkpoint.state.data != self.state.data {
            model.push("the training data is no longer what this run has been trained on".to_owned());
        }
        if checkpoint.state.validation.is_some_and(|before| Some(before) != self.state.validation) {
            model.push(
                "the validation data is no longer what this run's checkpoints have been compared on"
                    .to_owned(),
            );
        }
        if !model.is_empty() && !accepted {
            let way_out = format!(
                "put that back as it was ({} holds the options), start a new run, or accept the changes: the run then \
                 goes on with them, and is no longer what its experiment alone gives",
                self.run.path().join("resolved.yaml").display()
            );
            return Err(TrainError::Changed { path: place, changes: model, way_out });
        }
        self.changes = model.into_iter().chain(scores).collect();
        let model = parameters::with_weights(self.model.clone(), &checkpoint.weights);
        self.model = model.map_err(|reason| RunError::run(&place, reason))?;
        let kind = self.experiment.training.optimizer.clone();
        let rates = Rates::new(self.experiment.training.rates.clone());
        self.optimizer =
            Optimizer::with_state(kind, checkpoint.state.step, checkpoint.optimizer, &self.device)
                .with_rates(rates);
        // From here on, the current experiment and data count.
        let State { data, validation, experiment, .. } = std::mem::take(&mut self.state);
        self.state = State { data, validation, experiment, ..checkpoint.state };
        self.divide();
        if let (Some(adaptation), Some(lora)) = (self.adaptation.take(), &checkpoint.lora) {
            let adaptation = adaptation.with_matrices(lora);
            self.adaptation = Some(adaptation.map_err(|reason| RunError::run(&place, reason))?);
        }
        Ok(())
    }
}

/// The changes of a run since one of its checkpoints.
fn changes_since(
    checkpoint: &Checkpoint,
    document: &Document,
    run: &Path,
    registry: &Registry,
) -> Result<Changes, TrainError> {
    match &checkpoint.state.experiment {
        // Read as a run of any earlier version is.
        Some(before) => any2any_experiment::load_run("state.json", &format!("{before:#}"), run, registry)
            .map(|before| Changes::between(&before, document))
            .map_err(|problems| RunError::Experiment(problems).into()),
        None => Ok(Changes::default()),
    }
}

/// The named checkpoint, or the newest that can be loaded, with the errors of later ones; `None` for a run without
/// checkpoints.
fn start_of<T>(
    checkpoints: &Checkpoints,
    named: Option<&str>,
    load: impl Fn(&Path) -> Result<T, TrainError>,
) -> Result<(Option<T>, Vec<TrainError>), TrainError> {
    if let Some(name) = named {
        return Ok((Some(load(&checkpoints.resolve(name)?)?), Vec::new()));
    }
    let mut broken = Vec::new();
    for step in checkpoints.steps()?.into_iter().rev() {
        match load(&checkpoints.step(step)) {
            Ok(loaded) => return Ok((Some(loaded), broken)),
            Err(TrainError::Run(RunError::Io { path, source })) if is_of_the_process(&source) => {
                return Err(TrainError::NotRead { path, source });
            }
            Err(error) => broken.push(error),
        }
    }
    if broken.is_empty() { Ok((None, broken)) } else { Err(TrainError::NoneWhole(broken)) }
}

/// True if an error of reading is about the limits of this process, and says nothing about the file.
fn is_of_the_process(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, OutOfMemory, PermissionDenied};
    // Too many open files, in the system or in the process, have no `ErrorKind`.
    let is_open_files = cfg!(unix) && matches!(error.raw_os_error(), Some(23 | 24));
    is_open_files || matches!(error.kind(), Interrupted | OutOfMemory | PermissionDenied)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_now_is_not_taken_for_broken() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for step in [10, 20] {
            std::fs::create_dir(folder.path().join(format!("step-{step}"))).expect("a folder");
        }
        let checkpoints = Checkpoints::new(folder.path());
        let begin = |error: fn() -> io::Error| {
            let load = |folder: &Path| {
                if folder.ends_with("step-20") { Err(RunError::io(folder)(error()).into()) } else { Ok(10) }
            };
            start_of(&checkpoints, None, load).map(|(step, broken)| (step, broken.len()))
        };
        let broken = begin(|| io::ErrorKind::NotFound.into()).expect("the one before");
        assert_eq!(broken, (Some(10), 1));
        let errors: &[fn() -> io::Error] = &[
            || io::ErrorKind::OutOfMemory.into(),
            || io::ErrorKind::PermissionDenied.into(),
            #[cfg(unix)]
            || io::Error::from_raw_os_error(24),
        ];
        for &error in errors {
            let error = begin(error).expect_err("not passed over").to_string();
            assert!(error.contains("step-20: ") && error.contains("it is not passed over"), "{error}");
        }
    }
}
