//! Batch sampler: the samples of each step, as a function of seed and step alone.

use std::sync::Arc;

use any2any_adapter::Seed;
use any2any_data::batching::{self, Plan};
use any2any_data::{DataError, Schedule, Share};
use any2any_experiment::spec::Mixing;
use any2any_run::{Framing, RunError};
use any2any_translate::batch::Batch;

use crate::augmentation::Augmentation;
use crate::source_dropout::SourceDropout;
use crate::training_examples::TrainingExamples;

/// The training data of all tasks, and the order of their batches.
pub(crate) struct BatchSampler {
    seed: Seed,
    schedule: Schedule,
    tokens: usize,
    tasks: Vec<Arc<TaskExamples>>,
}

/// The training samples of one task that are within the limits.
pub(crate) struct TaskExamples {
    pub examples: TrainingExamples,
    /// The augmentation of every epoch.
    pub augmentation: Option<Augmentation>,
    /// The dropout of sources.
    pub source_dropout: Option<SourceDropout>,
    pub framing: Framing,
    pub weight: f64,
}

impl BatchSampler {
    pub(crate) fn new(
        tasks: Vec<TaskExamples>,
        tokens: usize,
        mixing: &Mixing,
        seed: Seed,
    ) -> Result<Self, DataError> {
        let share = |task: &TaskExamples| {
            let batches = batching::batches(task.examples.lengths(), tokens);
            let size = match mixing {
                Mixing::Equal => 1.0,
                Mixing::BySize { temperature } => (batches as f64).powf(temperature.recip()),
            };
            Share { weight: task.weight * size, batches }
        };
        let shares: Vec<Share> = tasks.iter().map(share).collect();
        let schedule = Schedule::new(&shares, seed)?;
        Ok(Self { seed, schedule, tokens, tasks: tasks.into_iter().map(Arc::new).collect() })
    }

    /// The batches with some numbers, counted from 0, or an error where samples cannot be read.
    pub(crate) fn batches(
        self,
        numbers: impl Iterator<Item = u64> + Send,
    ) -> impl Iterator<Item = Result<Batch, RunError>> + Send {
        let mut plans: Vec<Option<(u64, Plan)>> = self.tasks.iter().map(|_| None).collect();
        numbers.map(move |number| {
            let draw = self.schedule.at(number);
            let task = &self.tasks[draw.task];
            let plan = match plans[draw.task].take() {
                Some((epoch, plan)) if epoch == draw.epoch => plan,
                _ => {
                    let mut random = self.seed.random(&format!("shuffle {}", draw.task), draw.epoch);
                    batching::plan(task.examples.lengths(), self.tokens, &mut random)
                }
            };
            let rows = plan.batch(draw.batch);
            let mut examples = task.examples.batch(rows, task.augmentation.as_ref(), draw.epoch)?;
            if let Some(source_dropout) = &task.source_dropout {
                source_dropout.apply(&mut examples, draw.epoch);
            }
            let batch = Batch::new(draw.task, examples.iter().map(AsRef::as_ref), task.framing);
            plans[draw.task] = Some((draw.epoch, plan));
            Ok(batch)
        })
    }

    /// The number of batches in one epoch of every task.
    pub(crate) fn batches_an_epoch(&self) -> usize {
        self.tasks.iter().map(|task| batching::batches(task.examples.lengths(), self.tokens)).sum()
    }
}
