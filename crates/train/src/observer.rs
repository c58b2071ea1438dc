//! What a training tells whoever watches it.

use std::path::Path;

use any2any_experiment::spec::Metric;
use any2any_metrics::Score;
use any2any_translate::evaluate::TeacherForced;
use serde::Serialize;

/// Watches a training: a progress bar, a log, a test.
pub trait Observer {
    /// Something happened.
    fn event(&mut self, event: Event<'_>);
}

/// Watches nothing.
impl Observer for () {
    fn event(&mut self, _: Event<'_>) {}
}

/// What happens in a training.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The first step is about to begin.
    Started {
        /// Weights of the model.
        parameters: usize,
        /// Steps made before, by a run that is resumed.
        step: u64,
        /// Steps in all.
        steps: u64,
        /// Each task, and how many samples of it are within the limits.
        tasks: &'a [(String, String)],
        /// Batches of one epoch of every task.
        batches_an_epoch: usize,
    },
    /// A step was made.
    Step(&'a Progress),
    /// A line was added to the log.
    Logged(&'a Progress),
    /// The validation splits were scored.
    Evaluated {
        /// After this step.
        step: u64,
        /// Each task's scores.
        evaluations: &'a [TaskEvaluation],
        /// Whether this is the best so far.
        best: bool,
    },
    /// A checkpoint was written.
    Saved {
        /// Of this step.
        step: u64,
    },
    /// A folder that had the name of a new checkpoint was moved away.
    SetAside {
        /// To here.
        to: &'a Path,
    },
    /// Training has ended.
    Stopped {
        /// After this step.
        step: u64,
        /// Why.
        why: Stopped,
    },
}

/// Why a training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stopped {
    /// All steps were made.
    Finished,
    /// Evaluations brought nothing better for as long as patience lasts.
    Patience,
    /// Somebody asked for it.
    Interrupted,
}

impl TaskEvaluation {
    /// The score of a metric, if the task has it; a word means the metric of that name whatever its options.
    pub fn score(&self, metric: Metric) -> Option<&Score> {
        self.scores.get(metric.find_in(&self.metrics)?)
    }
}

/// Where a training stands; means are over the steps since the last line of the log.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Progress {
    /// Updates made.
    pub step: u64,
    /// Updates in all.
    #[serde(skip)]
    pub steps: u64,
    /// The mean loss of a token against smoothed targets, in nats: what is minimised.
    pub smoothed_loss: f64,
    /// The mean negative log-likelihood of a token, in nats.
    pub loss: f64,
    /// The mean loss of the encoder's alignment for a target token, in nats, where a task has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alignment_loss: Option<f64>,
    /// The share of tokens that were the most probable one, teacher-forced and with dropout, in per cent; none
    /// where there were frames alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
    /// The norm of all gradients before clipping.
    pub gradient_norm: f64,
    /// The learning rate.
    pub learning_rate: f64,
    /// Target tokens a second, padding not counted.
    pub tokens_per_second: f64,
    /// Target tokens seen since the beginning.
    pub tokens: u64,
    /// Seconds spent in training steps since the beginning.
    pub seconds: f64,
}

/// The scores of one task's validation split.
#[derive(Clone, Debug, Serialize)]
pub struct TaskEvaluation {
    /// The task.
    pub task: String,
    /// Teacher-forced figures.
    pub forced: TeacherForced,
    /// What was decoded is scored with these.
    #[serde(skip)]
    pub metrics: Vec<Metric>,
    /// The scores of what was decoded, one for each metric; none for a task without a source.
    pub scores: Vec<Score>,
}
