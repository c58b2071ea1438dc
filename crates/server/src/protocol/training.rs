//! Trainings and sweeps, finished or still running.

use any2any_run::sweep::{Axis, Cell};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reference::Reference;
use any2any_portable::View;

/// The part of a run's log that is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct TrainingQuery {
    /// The run.
    pub run: Reference,
    /// The first line, from 0: `next` of the answer before.
    pub from: usize,
}

/// Lines of a run's log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Training {
    /// The number of the first line of this answer: 0 instead of the line asked for if the log has become shorter,
    /// since the training went on from a checkpoint or began anew.
    pub from: usize,
    /// The lines as `metrics.jsonl` has them: objects whose `kind` is `train`, `validation` or `samples`.
    pub lines: Vec<serde_json::Map<String, serde_json::Value>>,
    /// The line to ask for next.
    pub next: usize,
    /// True if there are more lines already.
    pub more: bool,
    /// True while the training runs.
    pub running: bool,
}

/// The sample and the step whose output is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct WrittenQuery {
    /// The run.
    pub run: Reference,
    /// The task.
    pub task: Reference,
    /// The number of updates before the output was written.
    pub step: u64,
    /// The number of the sample in the validation split, from 0.
    pub number: usize,
}

/// A sample of the validation split, with the output that the training wrote for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Written {
    /// The source; null for a decoder-only model.
    pub source: Option<View>,
    /// The reference.
    pub reference: View,
    /// The output, unless it is a text: texts stand in the log.
    pub output: Option<View>,
}

/// The sweep that is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SweepQuery {
    /// The run.
    pub run: Reference,
}

/// A sweep: trainings of a grid over one or two options.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sweep {
    /// The experiment's name.
    pub name: String,
    /// The experiment's file, as it was typed.
    pub config: String,
    /// The options that `--set` changed for all cells.
    pub overrides: Vec<String>,
    /// Updates of every training.
    pub steps: u64,
    /// The steps at which cells keep their losses.
    pub points: Vec<u64>,
    /// One axis, or two.
    pub axes: Vec<Axis>,
    /// The cells that have been trained.
    pub cells: Vec<Cell>,
    /// True while the sweep runs.
    pub running: bool,
}
