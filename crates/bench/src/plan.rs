//! Training plan: memory, operations and duration of a training, told before its first step.
//!
//! Memory is an estimate for the CPU backend: weights, gradients and the optimizer's state by their shapes, the activations of
//! the largest batch of an epoch ([`Activations`]), and what the backward pass adds up in. Operations are those of all
//! matrix products. Only the duration is measured, on some real steps, and carried over to the whole training by operations.

mod memory;

use any2any_adapter::Seed;
use any2any_architecture::{Activations, Architecture, BatchShape};
use any2any_data::batching::{self, Lengths};
use any2any_run::architecture;
use any2any_train::{Prepared, TrainError, learned};
use serde::Serialize;

pub use memory::{ActivationBytes, MemoryPlan};

use super::memory::{available_bytes, resident_bytes};
use super::training::backend;
use super::{TrainingBench, TrainingReport};

/// The plan of a training.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Plan {
    /// The experiment's name.
    pub name: String,
    /// The backend.
    pub backend: &'static str,
    /// The number of CPU threads.
    pub threads: usize,
    /// The parameters of the model.
    pub parameters: ParameterPlan,
    /// The memory of a step with the largest batch, in bytes.
    pub memory: MemoryPlan,
    /// Floating-point operations of a step in the mean of an epoch.
    pub operations: OperationPlan,
    /// One epoch of every task.
    pub epoch: EpochPlan,
    /// The number of steps of the whole training.
    pub steps: u64,
    /// The number of epochs in the whole training.
    pub epochs: f64,
    /// Steps that were measured on this machine; `None` where none was.
    pub measured: Option<MeasuredSteps>,
    /// The duration at the measured rate; `None` where none was measured.
    pub duration: Option<DurationPlan>,
}

/// The parameters of a model, by part.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ParameterPlan {
    /// All parameters.
    pub total: u64,
    /// Those that learn, of a low-rank adaptation too.
    pub learned: u64,
    /// The parts by the first word of their names.
    pub parts: Vec<Part>,
}

/// A part of a model.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Part {
    /// The first word of its parameters' names.
    pub name: String,
    /// The number of its parameters.
    pub parameters: u64,
}

/// Floating-point operations of a step: those of all matrix products, padding counted.
#[derive(Clone, Copy, Debug, Serialize)]
#[non_exhaustive]
pub struct OperationPlan {
    /// The forward passes.
    pub forward: f64,
    /// The backward passes: twice as many.
    pub backward: f64,
    /// Layers that are computed again in the backward passes.
    pub recomputed: f64,
    /// The sum.
    pub step: f64,
}

/// One epoch of every task.
#[derive(Clone, Copy, Debug, Serialize)]
#[non_exhaustive]
pub struct EpochPlan {
    /// Samples within the limits of training.
    pub samples: u64,
    /// Batches.
    pub batches: u64,
    /// Steps: batches by those of an update.
    pub steps: f64,
    /// Source positions, padding excluded.
    pub source_tokens: u64,
    /// Target tokens or frames, padding excluded.
    pub target_tokens: u64,
}

/// Measured steps.
#[derive(Clone, Copy, Debug, Serialize)]
#[non_exhaustive]
pub struct MeasuredSteps {
    /// The number of steps before the first measured one.
    pub warm_up: u64,
    /// The number of measured steps.
    pub steps: u64,
    /// The mean time of a step, in seconds.
    pub seconds_a_step: f64,
    /// Operations a second, those of layers computed again not counted.
    pub operations_a_second: f64,
    /// Target tokens a second.
    pub target_tokens_a_second: f64,
    /// The peak memory of the process until the last measured step, in bytes; `None` if the system does not say.
    pub peak_resident_bytes: Option<u64>,
}

/// The duration of a training without evaluations, in seconds.
#[derive(Clone, Copy, Debug, Serialize)]
#[non_exhaustive]
pub struct DurationPlan {
    /// Of a step in the mean of an epoch.
    pub step: f64,
    /// Of an epoch of every task.
    pub epoch: f64,
    /// Of all steps.
    pub training: f64,
}

/// A batch of an epoch: its task and its shape.
type Planned = (usize, BatchShape);

impl Plan {
    /// The plan of a training, of which `steps` are measured after `warm_up` others, unless the estimate says that they do
    /// not fit the memory that is free.
    ///
    /// # Errors
    ///
    /// If a loss of the measured steps is not finite, the backend is missing, or no temporary folder can be written.
    pub fn of(prepared: Prepared, warm_up: u64, steps: u64) -> Result<Self, TrainError> {
        let experiment = prepared.experiment.clone();
        let model = architecture(&experiment, &prepared.adapters);
        let (batches, epoch) = epoch(&prepared);
        let recompute = experiment.training.recompute.is_some();
        let learned = learned(&experiment, &model);
        let of_batch = |&(task, shape): &Planned| model.activations(task, shape, recompute);
        let largest = batches.iter().max_by_key(|batch| of_batch(batch).total());
        let widest = batches.iter().map(|(_, shape)| shape.rows * shape.source.max(shape.target)).max();
        let activations: Activations = largest.map(of_batch).unwrap_or_default();
        let widest = widest.unwrap_or_default() as u64;
        let memory = MemoryPlan::new(&experiment, &model, &learned, activations, widest, resident_bytes());
        let operations = operations(&model, &batches, experiment.training.accumulate as f64, recompute);

        let fits = available_bytes().is_none_or(|free| memory.of_model() <= free);
        let bench = TrainingBench { warm_up, steps, length: None };
        let measured = (steps > 0 && fits)
            .then(|| bench.run(prepared))
            .transpose()?
            .map(|report| MeasuredSteps::of(&report));
        let total = experiment.training.steps;
        let duration = measured.map(|measured| {
            let step = (operations.forward + operations.backward) / measured.operations_a_second.max(1.0);
            DurationPlan { step, epoch: step * epoch.steps, training: step * total as f64 }
        });
        Ok(Self {
            name: experiment.name.clone(),
            backend: backend(&experiment.device),
            threads: rayon::current_num_threads(),
            parameters: ParameterPlan::new(&model, learned.iter().map(|(_, count)| count).sum()),
            memory,
            operations,
            epoch,
            steps: total,
            epochs: total as f64 / epoch.steps.max(f64::MIN_POSITIVE),
            measured,
            duration,
        })
    }
}

/// The batches of the first epoch of every task.
fn epoch(prepared: &Prepared) -> (Vec<Planned>, EpochPlan) {
    let training = &prepared.experiment.training;
    let mut batches = Vec::new();
    let (mut samples, mut source, mut target) = (0, 0, 0);
    for (number, task) in prepared.tasks.iter().enumerate() {
        let all = task.lengths();
        let lengths: Vec<Lengths> = task.selection.kept.iter().map(|&sample| all[sample as usize]).collect();
        samples += lengths.len() as u64;
        source += lengths.iter().map(|lengths| lengths.source() as u64).sum::<u64>();
        target += lengths.iter().map(|lengths| lengths.target() as u64).sum::<u64>();
        let mut random = Seed(prepared.experiment.seed).random(&format!("shuffle {number}"), 0);
        let plan = batching::plan(&lengths, training.batch.tokens, &mut random);
        batches.extend(plan.batches().map(|rows| {
            let widest = |side: fn(Lengths) -> usize| {
                rows.iter().map(|&row| side(lengths[row as usize])).max().unwrap_or_default()
            };
            let shape = BatchShape {
                rows: rows.len(),
                source: widest(Lengths::source),
                target: widest(Lengths::target),
            };
            (number, shape)
        }));
    }
    let epoch = EpochPlan {
        samples,
        batches: batches.len() as u64,
        steps: batches.len() as f64 / training.accumulate as f64,
        source_tokens: source,
        target_tokens: target,
    };
    (batches, epoch)
}

/// The operations of a step in the mean of the batches of an epoch.
fn operations(model: &Architecture, batches: &[Planned], accumulate: f64, recompute: bool) -> OperationPlan {
    let mean = |count: &dyn Fn(&Planned) -> u64| {
        let sum: u64 = batches.iter().map(count).sum();
        accumulate * sum as f64 / batches.len().max(1) as f64
    };
    let forward = mean(&|&(task, shape)| model.forward_operations(task, shape));
    let recomputed = match recompute {
        true => mean(&|&(task, shape)| model.layer_operations(task, shape)),
        false => 0.0,
    };
    OperationPlan { forward, backward: 2.0 * forward, recomputed, step: 3.0 * forward + recomputed }
}

impl ParameterPlan {
    fn new(model: &Architecture, learned: u64) -> Self {
        let mut parts: Vec<Part> = Vec::new();
        for parameter in model.parameters() {
            let name = parameter.name.split('.').next().unwrap_or_default();
            let parameters = parameter.shape.iter().map(|&size| size as u64).product();
            match parts.iter_mut().find(|part| part.name == name) {
                Some(part) => part.parameters += parameters,
                None => parts.push(Part { name: name.to_owned(), parameters }),
            }
        }
        Self { total: model.parameter_count(), learned, parts }
    }
}

impl MeasuredSteps {
    fn of(report: &TrainingReport) -> Self {
        Self {
            warm_up: report.warm_up_steps,
            steps: report.steps,
            seconds_a_step: report.seconds_per_step,
            operations_a_second: report.floating_point_operations_per_second,
            target_tokens_a_second: report.target_tokens_per_second,
            peak_resident_bytes: report.peak_resident_bytes,
        }
    }
}
