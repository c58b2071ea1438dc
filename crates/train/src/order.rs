//! Which samples each step trains on: a function of the seed and the step alone.

use std::sync::Arc;

use any2any_adapter::Seed;
use any2any_data::batching::{self, Lengths};
use any2any_data::{DataError, Schedule, Share};

use crate::batch::{Batch, Framing};
use crate::corpus::Example;

/// The training data of all tasks, and the order in which it is seen.
pub(crate) struct Order {
    seed: Seed,
    schedule: Schedule,
    tokens: usize,
    tasks: Vec<Arc<TaskExamples>>,
}

/// The training samples of one task that are within the limits.
pub(crate) struct TaskExamples {
    pub examples: Vec<Example>,
    pub lengths: Vec<Lengths>,
    pub framing: Framing,
    pub weight: f64,
}

impl Order {
    pub(crate) fn new(tasks: Vec<TaskExamples>, tokens: usize, seed: Seed) -> Result<Self, DataError> {
        let shares: Vec<Share> = tasks
            .iter()
            .map(|task| Share { weight: task.weight, batches: batching::batches(&task.lengths, tokens) })
            .collect();
        let schedule = Schedule::new(&shares, seed)?;
        Ok(Self { seed, schedule, tokens, tasks: tasks.into_iter().map(Arc::new).collect() })
    }

    /// All batches from number `first`, counted from 0, without end.
    pub(crate) fn batches(self, first: u64) -> impl Iterator<Item = Batch> + Send {
        let mut plans: Vec<Option<(u64, Vec<Vec<usize>>)>> = self.tasks.iter().map(|_| None).collect();
        (first..).map(move |number| {
            let draw = self.schedule.at(number);
            let task = &self.tasks[draw.task];
            let plan = match plans[draw.task].take() {
                Some((epoch, plan)) if epoch == draw.epoch => plan,
                _ => {
                    let mut random = self.seed.random(&format!("shuffle {}", draw.task), draw.epoch);
                    batching::plan(&task.lengths, self.tokens, &mut random)
                }
            };
            let rows = plan.get(draw.batch).map_or(&[][..], Vec::as_slice);
            let batch = Batch::new(draw.task, rows.iter().map(|&row| &task.examples[row]), task.framing);
            plans[draw.task] = Some((draw.epoch, plan));
            batch
        })
    }

    /// Batches of one epoch of every task.
    pub(crate) fn batches_an_epoch(&self) -> usize {
        self.tasks.iter().map(|task| batching::batches(&task.lengths, self.tokens)).sum()
    }
}
