//! Events of a training, and their observers.

use std::path::Path;

use any2any_experiment::spec::Metric;
use any2any_metrics::Score;
use any2any_model::Model;
use any2any_translate::evaluate::TeacherForced;
use serde::Serialize;

/// Observer of a training: a progress bar, a log, a test.
///
/// ```
/// use any2any_train::{Event, Observer};
///
/// /// The steps of all checkpoints.
/// #[derive(Default)]
/// struct Checkpoints(Vec<u64>);
///
/// impl Observer for Checkpoints {
///     fn event(&mut self, event: Event<'_>) {
///         if let Event::Saved { step } = event {
///             self.0.push(step);
///         }
///     }
/// }
///
/// let mut checkpoints = Checkpoints::default();
/// checkpoints.event(Event::Saved { step: 500 });
/// assert_eq!(checkpoints.0, [500]);
/// ```
pub trait Observer {
    /// Called for each event.
    fn event(&mut self, event: Event<'_>);
}

/// Several observers, one after the other.
impl Observer for Vec<Box<dyn Observer>> {
    fn event(&mut self, event: Event<'_>) {
        self.iter_mut().for_each(|observer| observer.event(event));
    }
}

/// Ignores all events.
impl Observer for () {
    fn event(&mut self, _: Event<'_>) {}
}

/// An event of a training.
///
/// ```
/// use any2any_train::{Event, Stopped};
///
/// /// Line of a short log; most events have none.
/// fn line(event: Event<'_>) -> Option<String> {
///     match event {
///         Event::Evaluated { step, best: true, .. } => Some(format!("step {step} is the best so far")),
///         Event::Stopped { step, why: Stopped::Patience } => Some(format!("step {step}: no progress")),
///         _ => None,
///     }
/// }
///
/// let best = line(Event::Evaluated { step: 500, evaluations: &[], best: true });
/// assert_eq!(best.as_deref(), Some("step 500 is the best so far"));
/// assert_eq!(line(Event::Saved { step: 500 }), None);
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The first step begins.
    Started {
        /// The number of parameters.
        parameters: usize,
        /// The number of steps before, of a run that is resumed.
        step: u64,
        /// The number of all steps.
        steps: u64,
        /// The name of each task, with its samples in words.
        tasks: &'a [(String, String)],
        /// The number of batches in one epoch of every task.
        batches_an_epoch: usize,
    },
    /// A step has been made.
    Step {
        /// The step, its losses and its learning rate.
        progress: &'a Progress,
        /// The model after the step.
        model: &'a Model,
    },
    /// A line has been added to the log.
    Logged(&'a Progress),
    /// The validation splits have been scored.
    Evaluated {
        /// The number of the step.
        step: u64,
        /// The scores of each task.
        evaluations: &'a [TaskEvaluation],
        /// True if the checkpoint is the best so far.
        best: bool,
    },
    /// A checkpoint has been written.
    Saved {
        /// The number of its step.
        step: u64,
    },
    /// A folder in the way of a new checkpoint has been set aside.
    SetAside {
        /// The folder's new place.
        to: &'a Path,
    },
    /// Training has ended.
    Stopped {
        /// The number of the last step.
        step: u64,
        /// The reason.
        why: Stopped,
    },
}

/// The reason why a training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stopped {
    /// All steps have been made.
    Finished,
    /// Patience ran out: too many evaluations without an improvement.
    Patience,
    /// Somebody interrupted it.
    Interrupted,
}

impl TaskEvaluation {
    /// The score by a metric, if the task has it; a metric without options means any of its name.
    pub fn score(&self, metric: &Metric) -> Option<&Score> {
        self.scores.get(metric.find_in(&self.metrics)?)
    }
}

/// The progress of a training, whose means are over the steps since the last line of the log.
///
/// ```
/// use any2any_train::{Event, Observer, Progress};
///
/// /// The loss, step by step, for a figure.
/// #[derive(Default)]
/// struct Curve(Vec<(u64, f64)>);
///
/// impl Curve {
///     fn add(&mut self, progress: &Progress) {
///         self.0.push((progress.step, progress.loss));
///     }
/// }
///
/// impl Observer for Curve {
///     fn event(&mut self, event: Event<'_>) {
///         if let Event::Logged(progress) = event {
///             self.add(progress);
///         }
///     }
/// }
///
/// let mut curve = Curve::default();
/// curve.event(Event::Saved { step: 500 });
/// assert!(curve.0.is_empty(), "a checkpoint is no point of the curve");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Progress {
    /// The number of updates.
    pub step: u64,
    /// The number of all updates.
    #[serde(skip)]
    pub steps: u64,
    /// The mean loss of a token against smoothed targets, in nats, which is minimised.
    pub smoothed_loss: f64,
    /// The mean negative log-likelihood of a token, in nats.
    pub loss: f64,
    /// The mean CTC loss for a target token, in nats, if a task has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alignment_loss: Option<f64>,
    /// The mean auxiliary loss of the program's own for a target position, if a task has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auxiliary_loss: Option<f64>,
    /// The share of tokens that were the model's most probable ones, teacher-forced and with dropout, in per cent;
    /// `None` for frames alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
    /// The norm of all gradients before clipping.
    pub gradient_norm: f64,
    /// The learning rate.
    pub learning_rate: f64,
    /// The number of target tokens a second, padding excluded.
    pub tokens_per_second: f64,
    /// The number of target tokens since the beginning.
    pub tokens: u64,
    /// The time of all training steps since the beginning, in seconds.
    pub seconds: f64,
}

/// The scores of one task's validation split.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct TaskEvaluation {
    /// The task.
    pub task: String,
    /// The teacher-forced loss and accuracy.
    pub forced: TeacherForced,
    /// The metrics of the decoded outputs.
    #[serde(skip)]
    pub metrics: Vec<Metric>,
    /// The scores of the decoded outputs, one for each metric; none for a task without a source.
    pub scores: Vec<Score>,
}
