//! Registry of the served runs and their models: which models are in memory, and which leave it for another.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use any2any_adapter::Registry;
use any2any_data::DataRoot;
use any2any_run::RunFolder;
use any2any_translate::{Precision, Translator};

use crate::api_error::ApiError;
use crate::error::ServerError;
use crate::loaded_run::LoadedRun;
use crate::metrics::Metrics;
use crate::probed::{Probe, Probed};
use crate::protocol::{Checkpoint, Model, Reference, Run};
use crate::worker::{Plan, Worker};

/// The served runs, with their data and models.
pub(crate) struct RunRegistry {
    runs: Vec<RegisteredRun>,
    /// Chains of runs, by their numbers.
    chains: Vec<Vec<usize>>,
    registry: Registry,
    root: Option<DataRoot>,
    metrics: Arc<Metrics>,
    /// Models in memory, the most recently used at the end.
    workers: Mutex<Vec<(Key, Arc<Worker>)>>,
    /// The most models in memory.
    most: usize,
    /// Called by an idle thread of a worker.
    when_idle: fn(),
}

/// A served run, with a cache of what was read of its folder.
struct RegisteredRun {
    folder: RunFolder,
    /// The reason why nothing of it may be shown.
    refused: Option<String>,
    /// The result of opening the run in another process.
    probed: Arc<Probed>,
    opened: Mutex<Option<Arc<LoadedRun>>>,
    /// The checkpoints, and the time when they were listed.
    listed: Mutex<Option<(Instant, Arc<[Checkpoint]>)>>,
}

/// The lifetime of a list of checkpoints: a training may write one at any time, but not many in a second.
const LISTED: Duration = Duration::from_secs(1);

impl RegisteredRun {
    /// The last part of the folder's path.
    fn last_part(&self) -> String {
        let path = self.folder.path();
        // A path such as `.` has a name only when it is written out.
        let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        whole.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// The checkpoints on the disk, by step.
    fn list(&self) -> Result<Vec<Checkpoint>, ApiError> {
        let checkpoints = self.folder.checkpoints();
        let steps = checkpoints.steps()?;
        // `best` and `last` may not be there yet.
        let named = |name: &str| checkpoints.resolve(name).ok();
        let (best, last) = (named("best"), named("last"));
        let checkpoint = |step: u64| {
            let folder = checkpoints.step(step);
            Checkpoint {
                name: format!("step-{step}"),
                step,
                best: best.as_ref() == Some(&folder),
                last: last.as_ref() == Some(&folder),
            }
        };
        Ok(steps.into_iter().map(checkpoint).collect())
    }
}

/// The key of a model: the number of its run, and its step.
type Key = (usize, u64);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // The values behind these locks are replaced whole, so a panic leaves nothing half done.
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl RunRegistry {
    /// The model of a run as a portable file with weights in 8 bits, or the reason why there is none.
    pub(crate) fn portable(&self, run: usize) -> Result<Vec<u8>, String> {
        let run = self.runs.get(run).ok_or_else(|| format!("there is no run {run}"))?;
        if let Some(refused) = &run.refused {
            return Err(refused.clone());
        }
        let model =
            Translator::load(&run.folder, "best", &self.registry).map_err(|error| error.to_string())?;
        let portable = model.portable(Precision::Int8).map_err(|error| error.to_string())?;
        portable.to_bytes().map_err(|error| error.to_string())
    }

    /// Registers the runs in these folders.
    pub(crate) fn new(
        folders: &[PathBuf],
        registry: Registry,
        root: Option<DataRoot>,
        metrics: Arc<Metrics>,
        most: usize,
        when_idle: fn(),
        probe: Option<Probe>,
    ) -> Result<Self, ServerError> {
        if folders.is_empty() {
            return Err(ServerError::NoRuns);
        }
        let registered = |folder: &PathBuf| {
            let run = RunFolder::new(folder);
            let known = ["resolved.yaml", "metrics.jsonl", "sweep.json"];
            if !known.iter().any(|name| folder.join(name).is_file()) {
                return Err(ServerError::NoRun(folder.clone()));
            }
            let trusts = root.as_ref().is_some_and(DataRoot::trusts_runs);
            let refused =
                if trusts { None } else { run.require_whole().err().map(|error| error.to_string()) };
            let probed = Arc::new(Probed::new(folder.clone(), probe));
            Ok(RegisteredRun {
                folder: run,
                refused,
                probed,
                opened: Mutex::default(),
                listed: Mutex::default(),
            })
        };
        let runs: Vec<RegisteredRun> = folders.iter().map(registered).collect::<Result<_, _>>()?;
        Ok(Self {
            runs,
            chains: Vec::new(),
            registry,
            root,
            metrics,
            workers: Mutex::default(),
            most: most.max(1),
            when_idle,
        })
    }

    /// The registry with chains of its runs, by their numbers.
    pub(crate) fn with_chains(mut self, mut chains: Vec<Vec<usize>>) -> Self {
        chains.retain(|chain| chain.iter().all(|run| *run < self.runs.len()) && !chain.is_empty());
        self.chains = chains;
        self
    }

    /// The folder of a run whose files may be shown.
    pub(crate) fn folder(&self, run: usize) -> Result<&RunFolder, ApiError> {
        let registered = self.registered(run)?;
        match &registered.refused {
            None => Ok(&registered.folder),
            Some(reason) => Err(ApiError::unreadable(reason.clone())),
        }
    }

    /// The number of runs.
    pub(crate) fn count(&self) -> usize {
        self.runs.len()
    }

    /// The chains, each the numbers of its runs in order.
    pub(crate) fn chains(&self) -> &[Vec<usize>] {
        &self.chains
    }

    /// The name by which clients call a run: the last part of its folder's path, with its number where another run has
    /// the same.
    pub(crate) fn name(&self, run: usize) -> String {
        let name = self.runs[run].last_part();
        let first = self.runs.iter().position(|other| other.last_part() == name);
        if first == Some(run) { name } else { format!("{name}-{run}") }
    }

    /// The number of the run that a request means.
    pub(crate) fn number(&self, run: &Reference) -> Result<usize, ApiError> {
        run.place((0..self.runs.len()).map(|run| self.name(run))).ok_or_else(|| {
            let asked: String = run.to_string().chars().take(40).collect();
            let message = match run {
                Reference::Number(_) => {
                    format!("there is no run {asked}; there are {}, from 0", self.runs.len())
                }
                Reference::Name(_) => {
                    let names: Vec<String> = (0..self.runs.len()).map(|run| self.name(run)).collect();
                    format!("there is no run '{asked}'; there are: {}", names.join(", "))
                }
            };
            ApiError::missing(message, "/api/runs lists the runs")
        })
    }

    /// The model that a request means, its run by its number: to be looked up by name once, and cached under one key.
    pub(crate) fn numbered(&self, model: Model) -> Result<Model, ApiError> {
        Ok(Model { run: self.number(&model.run)?.into(), ..model })
    }

    fn registered(&self, run: usize) -> Result<&RegisteredRun, ApiError> {
        self.runs.get(run).ok_or_else(|| {
            let message = format!("there is no run {run}; there are {}, from 0", self.runs.len());
            ApiError::missing(message, "/api/runs lists the runs")
        })
    }

    /// Opens a run: its experiment, adapters and data. An error before its first checkpoint.
    pub(crate) fn open(&self, run: usize) -> Result<Arc<LoadedRun>, ApiError> {
        let registered = self.registered(run)?;
        let mut opened = lock(&registered.opened);
        if let Some(opened) = &*opened {
            return Ok(opened.clone());
        }
        if self.checkpoints(run)?.is_empty() {
            return Err(ApiError::missing(
                format!("run {run} has no checkpoint yet"),
                "wait until its training has written one",
            ));
        }
        let folder = self.folder(run)?;
        registered.probed.check()?;
        let new = Arc::new(LoadedRun::new(folder, &self.registry, self.root.clone())?);
        *opened = Some(new.clone());
        Ok(new)
    }

    /// The entry of a run in the list of `/api/runs`.
    fn describe(&self, number: usize) -> Result<Run, ApiError> {
        let registered = self.registered(number)?;
        let (folder, last) = (&registered.folder, registered.last_part());
        let opened = self.checkpoints(number).and_then(|checkpoints| match checkpoints.is_empty() {
            true => Ok(None),
            false => Ok(Some((self.open(number)?, checkpoints))),
        });
        // A run that cannot be read is listed with its error, and keeps nobody from the others.
        let (opened, broken) = match opened {
            Ok(opened) => (opened, None),
            Err(failure) => {
                (None, Some(failure.reason().replace(&folder.path().display().to_string(), &last)))
            }
        };
        let name = opened.as_ref().map_or_else(|| last.clone(), |(opened, _)| opened.experiment.name.clone());
        Ok(Run {
            number,
            name,
            folder: last,
            training: folder.metrics().is_file(),
            sweep: folder.path().join("sweep.json").is_file(),
            model: opened.map(|(opened, checkpoints)| opened.describe(checkpoints.to_vec())),
            broken,
        })
    }

    /// The list of all runs.
    pub(crate) fn runs(&self) -> Result<Vec<Run>, ApiError> {
        (0..self.runs.len()).map(|run| self.describe(run)).collect()
    }

    /// The checkpoints of a run, by step.
    fn checkpoints(&self, run: usize) -> Result<Arc<[Checkpoint]>, ApiError> {
        let registered = self.registered(run)?;
        let mut listed = lock(&registered.listed);
        if let Some((when, checkpoints)) = &*listed
            && when.elapsed() < LISTED
        {
            return Ok(checkpoints.clone());
        }
        let checkpoints: Arc<[Checkpoint]> = registered.list()?.into();
        *listed = Some((Instant::now(), checkpoints.clone()));
        Ok(checkpoints)
    }

    /// The step of a checkpoint, by one of its listed names; `best` is the last one as long as none is the best, and
    /// `last` the newest that is listed as long as none is the last.
    pub(crate) fn step(&self, model: &Model) -> Result<u64, ApiError> {
        let checkpoints = self.checkpoints(self.number(&model.run)?)?;
        // While a training saves, `last` may name one that the list does not have yet.
        let last = || checkpoints.iter().rev().find(|checkpoint| checkpoint.last).or(checkpoints.last());
        let found = match model.checkpoint.as_str() {
            "best" => checkpoints.iter().find(|checkpoint| checkpoint.best).or_else(last),
            "last" => last(),
            name => checkpoints.iter().find(|checkpoint| checkpoint.name == name),
        };
        found.map(|checkpoint| checkpoint.step).ok_or_else(|| {
            let known: Vec<_> = checkpoints.iter().map(|checkpoint| checkpoint.name.as_str()).collect();
            let message = format!(
                "run {} has no checkpoint '{}'; there are: best, last, {}",
                model.run,
                model.checkpoint.chars().take(40).collect::<String>(),
                known.join(", ")
            );
            ApiError::missing(message, "/api/runs lists the checkpoints")
        })
    }

    /// The worker of a checkpoint's model, started if the model is not in memory; another model may have to leave for
    /// it.
    pub(crate) fn worker(&self, model: &Model) -> Result<Arc<Worker>, ApiError> {
        let step = self.step(model)?;
        let number = self.number(&model.run)?;
        let key = (number, step);
        let registered = self.registered(number)?;
        let mut workers = lock(&self.workers);
        let known = workers.iter().position(|(known, worker)| *known == key && !worker.is_broken());
        let worker = match known {
            Some(place) => workers.remove(place).1,
            None => {
                workers.retain(|(known, _)| *known != key);
                let surplus = (workers.len() + 1).saturating_sub(self.most);
                // These workers finish the jobs that wait, and end.
                workers.drain(..surplus);
                let plan = Plan {
                    run: self.folder(number)?.clone(),
                    probed: registered.probed.clone(),
                    checkpoint: format!("step-{step}"),
                    registry: self.registry.clone(),
                };
                Arc::new(Worker::start(plan, self.metrics.clone(), self.when_idle))
            }
        };
        workers.push((key, worker.clone()));
        Ok(worker)
    }

    /// A run and its worker, if nothing has to be read from the disk for them.
    pub(crate) fn ready(&self, model: &Model) -> Option<(Arc<LoadedRun>, Arc<Worker>)> {
        let registered = self.runs.get(self.number(&model.run).ok()?)?;
        let opened = registered.opened.try_lock().ok()?.clone()?;
        let fresh = |(when, _): &(Instant, _)| when.elapsed() < LISTED;
        registered.listed.try_lock().ok()?.as_ref().filter(|listed| fresh(listed))?;
        Some((opened, self.worker(model).ok()?))
    }

    /// The number of models in memory.
    pub(crate) fn models(&self) -> usize {
        lock(&self.workers).len()
    }

    /// Lets all models finish the jobs that wait, and leave.
    pub(crate) fn close(&self) {
        lock(&self.workers).clear();
    }
}

/// FIFO cache: the entry that was read first leaves when there are too many.
pub(crate) struct Kept<K, T> {
    kept: Mutex<Vec<(K, Arc<T>)>>,
    most: usize,
}

impl<K: Eq, T> Kept<K, T> {
    /// A cache of at most `most` entries.
    pub(crate) fn new(most: usize) -> Self {
        Self { kept: Mutex::default(), most }
    }

    /// The entry of a key, if it is in the cache.
    pub(crate) fn found(&self, key: &K) -> Option<Arc<T>> {
        let kept = lock(&self.kept);
        kept.iter().find(|(known, _)| known == key).map(|(_, found)| found.clone())
    }

    /// The entry of a key, read now if it is not in the cache, by one caller at a time.
    pub(crate) fn get<E>(&self, key: K, read: impl FnOnce() -> Result<T, E>) -> Result<Arc<T>, E> {
        let mut kept = lock(&self.kept);
        if let Some((_, found)) = kept.iter().find(|(known, _)| *known == key) {
            return Ok(found.clone());
        }
        let new = Arc::new(read()?);
        if kept.len() >= self.most {
            kept.remove(0);
        }
        kept.push((key, new.clone()));
        Ok(new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_first_leaves_first() {
        let kept = Kept::new(2);
        for (key, expected) in [(1, 1), (2, 2), (1, 1), (3, 3), (1, -1)] {
            let mut read = 0;
            let value = kept.get::<()>(key, || {
                read = key;
                Ok(expected)
            });
            assert_eq!(value.map(|value| *value), Ok(expected), "{key}, read: {read}");
        }
    }
}
