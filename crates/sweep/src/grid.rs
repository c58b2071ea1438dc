//! The grid of a sweep, whose trainings run side by side, one a thread.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use any2any_adapter::Registry;
use any2any_experiment::Document;
use any2any_experiment::spec::Experiment;
use any2any_run::device::with_threads;
use any2any_run::sweep::{Axis, Cell, Sweep, points};
use any2any_run::{AdapterSet, Announced, RunError, RunFolder, RunLock, atomic_file};
use any2any_train::{Prepared, PreparedTask, Rehearsal, TrainError};
use burn::tensor::Device;
use rayon::prelude::*;

use crate::order::{coarse_to_fine, place};

/// The time between two writes of the record to disk.
const EVERY: Duration = Duration::from_secs(2);

/// An experiment and a grid over its options, checked: the experiment of every cell is valid.
pub struct Grid {
    document: Document,
    sweep: Sweep,
    /// The experiments of all cells, the last axis fastest.
    experiments: Vec<Experiment>,
}

/// The progress of a sweep.
#[derive(Clone, Copy, Debug)]
pub struct SweepProgress {
    /// Cells trained, those of earlier processes included.
    pub done: usize,
    /// Cells trained by earlier processes.
    pub before: usize,
    /// Cells in all.
    pub cells: usize,
    /// Cells that converged.
    pub converged: usize,
}

/// The state from which every training starts.
struct Start {
    adapters: AdapterSet,
    tasks: Vec<PreparedTask>,
    device: Device,
    run: RunFolder,
    steps: u64,
}

impl Grid {
    /// The grid over one or two axes.
    ///
    /// # Errors
    ///
    /// If the experiment is wrong, or becomes wrong with some value of an axis.
    pub fn new(
        config: &Path,
        overrides: &[String],
        axes: Vec<Axis>,
        steps: Option<u64>,
        registry: &Registry,
    ) -> Result<Self, TrainError> {
        let wrong = |reason: &str| {
            let given = axes.iter().map(|axis| axis.option.as_str()).collect::<Vec<_>>().join(", ");
            TrainError::from(RunError::Axis { given, reason: reason.to_owned() })
        };
        match &axes[..] {
            [_] => (),
            [first, second] if first.option != second.option => (),
            [_, _] => return Err(wrong("both axes are of the same option; give --over two different ones")),
            _ => return Err(wrong("a grid has one axis or two; give --over once or twice")),
        }
        let mut given = overrides.to_vec();
        given.extend(steps.map(|steps| format!("training.steps={steps}")));
        let load = |more: Vec<String>| {
            let all: Vec<String> = given.iter().cloned().chain(more).collect();
            any2any_experiment::load(config, &all, registry).map_err(RunError::Experiment)
        };
        // Checks each value of an axis once, so that its problem is not repeated in every cell.
        for axis in &axes {
            for at in 0..axis.values.len() {
                load(axes.iter().map(|other| other.setting(if other == axis { at } else { 0 })).collect())?;
            }
        }
        let sizes: Vec<usize> = axes.iter().map(|axis| axis.values.len()).collect();
        let experiments = (0..sizes.iter().product())
            .into_par_iter()
            .map(|number| {
                let places = place(number, &sizes);
                let settings = axes.iter().zip(&places).map(|(axis, &at)| axis.setting(at));
                Ok(load(settings.collect())?.experiment)
            })
            .collect::<Result<Vec<Experiment>, TrainError>>()?;
        let document = load(Vec::new())?;
        let steps = document.experiment.training.steps;
        let sweep = Sweep {
            name: document.experiment.name.clone(),
            config: config.display().to_string(),
            overrides: overrides.to_vec(),
            steps,
            points: points(steps),
            axes,
            cells: Vec::new(),
            experiment: document.resolved_yaml(),
        };
        Ok(Self { document, sweep, experiments })
    }

    /// The experiment that all cells change.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// Trains all missing cells of the folder, until all are there or `stop` is true.
    ///
    /// # Errors
    ///
    /// If the folder holds another sweep or another process works there, or a file cannot be written.
    pub fn train(
        self,
        folder: &Path,
        prepared: Prepared,
        threads: usize,
        stop: &AtomicBool,
        progress: &mut dyn FnMut(SweepProgress),
    ) -> Result<Sweep, TrainError> {
        let Self { document, mut sweep, experiments } = self;
        std::fs::create_dir_all(folder).map_err(RunError::io(folder))?;
        // Locked before anything is read: another process may be writing.
        let Announced::Alone(_running) = RunLock::announce(folder) else {
            let reason =
                "another process is at work on this sweep; wait for it, or choose another folder with --run";
            return Err(RunError::run(folder, reason).into());
        };
        sweep.take_over(folder)?;
        atomic_file::write(&folder.join("experiment.yaml"), document.given().as_bytes())?;
        let start = Start::new(prepared, folder, sweep.steps)?;
        let sizes: Vec<usize> = sweep.axes.iter().map(|axis| axis.values.len()).collect();
        let known: BTreeSet<Vec<usize>> = sweep.cells.iter().map(|cell| cell.at.clone()).collect();
        let todo: Vec<Vec<usize>> =
            coarse_to_fine(&sizes).into_iter().filter(|place| !known.contains(place)).collect();
        let number =
            |place: &[usize]| place.iter().zip(&sizes).fold(0, |number, (at, size)| number * size + at);
        let mut report = |sweep: &Sweep| {
            let converged = sweep.cells.iter().filter(|cell| cell.converged).count();
            let (done, cells) = (sweep.cells.len(), experiments.len());
            progress(SweepProgress { done, before: known.len(), cells, converged });
        };
        report(&sweep);
        let next = AtomicUsize::new(0);
        let failed = AtomicBool::new(false);
        let stops = || stop.load(Ordering::Relaxed) || failed.load(Ordering::Relaxed);
        let work = |results: Sender<Result<Cell, TrainError>>| {
            while !stops() {
                let Some(place) = todo.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
                let trained = start.train(&experiments[number(place)], place, &stops).transpose();
                failed.fetch_or(matches!(trained, Some(Err(_))), Ordering::Relaxed);
                if trained.is_some_and(|result| results.send(result).is_err()) {
                    break;
                }
            }
        };
        let outcome = std::thread::scope(|scope| {
            let (sender, results) = channel();
            for _ in 0..threads.clamp(1, todo.len().max(1)) {
                let (sender, work) = (sender.clone(), &work);
                // With all its parallel parts on one thread: a cell is too small to be divided.
                scope.spawn(move || with_threads(1, || work(sender)));
            }
            drop(sender);
            let mut written = Instant::now();
            for cell in results {
                sweep.cells.push(cell?);
                report(&sweep);
                if written.elapsed() > EVERY {
                    sweep.save(folder)?;
                    written = Instant::now();
                }
            }
            Ok(())
        });
        sweep.save(folder)?;
        outcome.map(|()| sweep)
    }
}

impl Start {
    fn new(prepared: Prepared, folder: &Path, steps: u64) -> Result<Self, TrainError> {
        let Prepared { experiment, adapters, tasks, .. } = prepared;
        let device = any2any_run::device::device(&experiment.device)?;
        // Cells are not evaluated.
        let tasks =
            tasks.into_iter().map(|task| PreparedTask { validation: None, test: None, ..task }).collect();
        Ok(Self { adapters, tasks, device, run: RunFolder::new(folder), steps })
    }

    /// Trains one cell; `None` if it was stopped.
    fn train(
        &self,
        experiment: &Experiment,
        place: &[usize],
        stops: &dyn Fn() -> bool,
    ) -> Result<Option<Cell>, TrainError> {
        let (adapters, tasks) = (self.adapters.clone(), self.tasks.clone());
        let mut rehearsal = Rehearsal::on_this_thread(
            experiment.clone(),
            adapters,
            self.run.clone(),
            self.device.clone(),
            tasks,
        )?;
        let mut losses = Vec::new();
        for _ in 0..self.steps {
            if stops() {
                return Ok(None);
            }
            match rehearsal.step() {
                Ok((_, outcome)) => losses.push(outcome.smoothed / outcome.tokens.max(1) as f64),
                Err(TrainError::NotFinite { .. }) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(Some(Cell::new(place.to_vec(), &losses, self.steps)))
    }
}
