//! The runs that are shown, their data, and their models: which are in memory, and which leave it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use any2any_adapter::Registry;
use any2any_data::DataRoot;
use any2any_run::RunFolder;

use crate::api_error::Failure;
use crate::error::ExplorerError;
use crate::loaded_run::Opened;
use crate::metrics::Metrics;
use crate::probed::{Probe, Probed};
use crate::protocol::{Checkpoint, Model, Run};
use crate::worker::{Plan, Worker};

/// The runs that are shown.
pub(crate) struct Library {
    shelves: Vec<Shelf>,
    registry: Registry,
    root: Option<DataRoot>,
    metrics: Arc<Metrics>,
    /// Models in memory, the one used last at the end.
    workers: Mutex<Vec<(Key, Arc<Worker>)>>,
    /// How many models are kept in memory.
    most: usize,
    /// What an idle thread does.
    when_idle: fn(),
}

/// A run, and what was read of it.
struct Shelf {
    folder: RunFolder,
    /// Why nothing of it may be shown.
    refused: Option<String>,
    /// Whether it may be opened.
    probed: Arc<Probed>,
    opened: Mutex<Option<Arc<Opened>>>,
    /// The checkpoints, and when they were listed.
    listed: Mutex<Option<(Instant, Arc<[Checkpoint]>)>>,
}

/// How long a list of checkpoints is good: a training may write one at any time, but not many in a second.
const LISTED: Duration = Duration::from_secs(1);

impl Shelf {
    /// The checkpoints on the disk, by step.
    fn list(&self) -> Result<Vec<Checkpoint>, Failure> {
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

/// A model: the number of its run, and its step.
type Key = (usize, u64);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is behind these locks is replaced whole, so a panic leaves nothing half done.
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Library {
    /// The runs in these folders.
    pub(crate) fn new(
        folders: &[PathBuf],
        registry: Registry,
        root: Option<DataRoot>,
        metrics: Arc<Metrics>,
        most: usize,
        when_idle: fn(),
        probe: Option<Probe>,
    ) -> Result<Self, ExplorerError> {
        if folders.is_empty() {
            return Err(ExplorerError::NoRuns);
        }
        let shelf = |folder: &PathBuf| {
            let run = RunFolder::new(folder);
            let known = ["resolved.yaml", "metrics.jsonl", "sweep.json"];
            if !known.iter().any(|name| folder.join(name).is_file()) {
                return Err(ExplorerError::NoRun(folder.clone()));
            }
            let trusts = root.as_ref().is_some_and(DataRoot::trusts_runs);
            let refused =
                if trusts { None } else { run.require_whole().err().map(|error| error.to_string()) };
            let probed = Arc::new(Probed::new(folder.clone(), probe));
            Ok(Shelf { folder: run, refused, probed, opened: Mutex::default(), listed: Mutex::default() })
        };
        let shelves = folders.iter().map(shelf).collect::<Result<_, _>>()?;
        Ok(Self { shelves, registry, root, metrics, workers: Mutex::default(), most: most.max(1), when_idle })
    }

    /// The folder of a run, whose files may be shown.
    pub(crate) fn folder(&self, run: usize) -> Result<&RunFolder, Failure> {
        let shelf = self.shelf(run)?;
        match &shelf.refused {
            None => Ok(&shelf.folder),
            Some(reason) => Err(Failure::unreadable(reason.clone())),
        }
    }

    fn shelf(&self, run: usize) -> Result<&Shelf, Failure> {
        self.shelves.get(run).ok_or_else(|| {
            let message = format!("there is no run {run}; there are {}, from 0", self.shelves.len());
            Failure::missing(message, "/api/runs lists the runs")
        })
    }

    /// What a run's model and tasks are; an error before its first checkpoint.
    pub(crate) fn open(&self, run: usize) -> Result<Arc<Opened>, Failure> {
        let shelf = self.shelf(run)?;
        let mut opened = lock(&shelf.opened);
        if let Some(opened) = &*opened {
            return Ok(opened.clone());
        }
        if self.checkpoints(run)?.is_empty() {
            return Err(Failure::missing(
                format!("run {run} has no checkpoint yet"),
                "wait until its training has written one",
            ));
        }
        let folder = self.folder(run)?;
        shelf.probed.check()?;
        let new = Arc::new(Opened::new(folder, &self.registry, self.root.clone())?);
        *opened = Some(new.clone());
        Ok(new)
    }

    /// A run as it is listed.
    fn describe(&self, number: usize) -> Result<Run, Failure> {
        let folder = &self.shelf(number)?.folder;
        // A path such as `.` has a name only when it is written out.
        let whole = folder.path().canonicalize().unwrap_or_else(|_| folder.path().to_owned());
        let last = whole.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let opened = self.checkpoints(number).and_then(|checkpoints| match checkpoints.is_empty() {
            true => Ok(None),
            false => Ok(Some((self.open(number)?, checkpoints))),
        });
        // A run that cannot be read keeps nobody from the others.
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

    /// All runs.
    pub(crate) fn runs(&self) -> Result<Vec<Run>, Failure> {
        (0..self.shelves.len()).map(|run| self.describe(run)).collect()
    }

    /// The checkpoints of a run, by step.
    fn checkpoints(&self, run: usize) -> Result<Arc<[Checkpoint]>, Failure> {
        let shelf = self.shelf(run)?;
        let mut listed = lock(&shelf.listed);
        if let Some((when, checkpoints)) = &*listed
            && when.elapsed() < LISTED
        {
            return Ok(checkpoints.clone());
        }
        let checkpoints: Arc<[Checkpoint]> = shelf.list()?.into();
        *listed = Some((Instant::now(), checkpoints.clone()));
        Ok(checkpoints)
    }

    /// The step of a checkpoint, by one of the names that are listed; `best` is the last where none is the best yet.
    pub(crate) fn step(&self, model: &Model) -> Result<u64, Failure> {
        let checkpoints = self.checkpoints(model.run)?;
        let last = || checkpoints.iter().rev().find(|checkpoint| checkpoint.last);
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
            Failure::missing(message, "/api/runs lists the checkpoints")
        })
    }

    /// The model of a checkpoint, loaded when it is not in memory; another may have to leave for it.
    pub(crate) fn worker(&self, model: &Model) -> Result<Arc<Worker>, Failure> {
        let step = self.step(model)?;
        let key = (model.run, step);
        let shelf = self.shelf(model.run)?;
        let mut workers = lock(&self.workers);
        let known = workers.iter().position(|(known, worker)| *known == key && !worker.is_broken());
        let worker = match known {
            Some(place) => workers.remove(place).1,
            None => {
                workers.retain(|(known, _)| *known != key);
                let surplus = (workers.len() + 1).saturating_sub(self.most);
                // They finish what they have been asked, and go.
                workers.drain(..surplus);
                let plan = Plan {
                    run: self.folder(model.run)?.clone(),
                    probed: shelf.probed.clone(),
                    checkpoint: format!("step-{step}"),
                    registry: self.registry.clone(),
                };
                Arc::new(Worker::start(plan, self.metrics.clone(), self.when_idle))
            }
        };
        workers.push((key, worker.clone()));
        Ok(worker)
    }

    /// A run and its model, when nothing of the run has to be read for it.
    pub(crate) fn ready(&self, model: &Model) -> Option<(Arc<Opened>, Arc<Worker>)> {
        let shelf = self.shelves.get(model.run)?;
        let opened = shelf.opened.try_lock().ok()?.clone()?;
        let fresh = |(when, _): &(Instant, _)| when.elapsed() < LISTED;
        shelf.listed.try_lock().ok()?.as_ref().filter(|listed| fresh(listed))?;
        Some((opened, self.worker(model).ok()?))
    }

    /// How many models are in memory.
    pub(crate) fn models(&self) -> usize {
        lock(&self.workers).len()
    }

    /// Lets all models finish what they have been asked, and go.
    pub(crate) fn close(&self) {
        lock(&self.workers).clear();
    }
}

/// What was read of something, by a key; the one read first leaves when there are too many.
pub(crate) struct Kept<K, T> {
    kept: Mutex<Vec<(K, Arc<T>)>>,
    most: usize,
}

impl<K: Eq, T> Kept<K, T> {
    /// Keeps this many.
    pub(crate) fn new(most: usize) -> Self {
        Self { kept: Mutex::default(), most }
    }

    /// What was read before.
    pub(crate) fn found(&self, key: &K) -> Option<Arc<T>> {
        let kept = lock(&self.kept);
        kept.iter().find(|(known, _)| known == key).map(|(_, found)| found.clone())
    }

    /// What was read before, or else is read now, by one at a time.
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
