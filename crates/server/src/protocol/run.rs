//! Runs, their models and their tasks.

use any2any_experiment::spec;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The state of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Health {
    /// `ok` as long as the server answers.
    pub status: String,
    /// The number of loaded models.
    pub models: usize,
}

/// A served run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Run {
    /// The run's number, from 0.
    pub number: usize,
    /// The experiment's name; without one, the folder's.
    pub name: String,
    /// The last part of the folder's path.
    pub folder: String,
    /// True if there are metrics of a training.
    pub training: bool,
    /// True for a sweep, a grid of trainings.
    pub sweep: bool,
    /// The model; null before the first checkpoint, and of a run that cannot be read.
    pub model: Option<RunModel>,
    /// The reason why the run cannot be read; null if it can.
    #[serde(default)]
    pub broken: Option<String>,
}

/// The model of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct RunModel {
    /// The architecture between stems and heads.
    pub body: Body,
    /// The width of the model.
    pub d_model: usize,
    /// The inner width of the feed-forward blocks; 0 for an LSTM.
    pub d_ff: usize,
    /// The number of attention heads; 0 for an LSTM.
    pub heads: usize,
    /// The number of encoder layers; 0 for a decoder-only model.
    pub encoder_layers: usize,
    /// The number of decoder layers.
    pub decoder_layers: usize,
    /// The number of parameters.
    pub parameters: u64,
    /// The placement of layer normalisation; null for an LSTM.
    pub norm: Option<spec::NormPlacement>,
    /// The kind of positions: `sinusoidal`, `learned`, `rotary`, `alibi`; null for an LSTM.
    pub positions: Option<spec::Positions>,
    /// The checkpoints, by step.
    pub checkpoints: Vec<Checkpoint>,
    /// The tasks.
    pub tasks: Vec<Task>,
}

/// The architecture between stems and heads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Body {
    /// A Transformer with encoder and decoder.
    Transformer,
    /// A decoder-only Transformer: a language model.
    DecoderOnly,
    /// An LSTM, the recurrent baseline.
    Lstm,
}

/// A checkpoint: the weights after a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Checkpoint {
    /// The checkpoint's name, such as `step-600`.
    pub name: String,
    /// The number of updates before it was written.
    pub step: u64,
    /// True for the best checkpoint.
    pub best: bool,
    /// True for the last checkpoint.
    pub last: bool,
}

/// A task: the translation from one medium into another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Task {
    /// The task's number, from 0.
    pub number: usize,
    /// The task's name in the experiment.
    pub name: String,
    /// True if the target has one token for every position of the source.
    pub per_position: bool,
    /// The source side; null for a decoder-only model.
    pub source: Option<Side>,
    /// The target side.
    pub target: Side,
    /// The decoding options, unless a request says otherwise.
    pub decoding: spec::Decoding,
    /// The splits of the task's data; none if the data is missing.
    pub splits: Vec<String>,
    /// The languages that the task is told; null for a task that is told none.
    #[serde(default)]
    pub languages: Option<TaskLanguages>,
}

/// The languages of a task: `source_language` and `target_language` of a request are among them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct TaskLanguages {
    /// All languages, by name.
    pub known: Vec<String>,
    /// True if the task is told the language of its sources.
    pub reads_source: bool,
    /// True if the task is told the language of its targets.
    pub reads_target: bool,
    /// The language of sources, unless a request names another.
    pub source: Option<String>,
    /// The language of targets, unless a request names another.
    pub target: Option<String>,
}

/// A side of a task: its source or its target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Side {
    /// The medium's name.
    pub medium: String,
    /// The kind of the medium's values.
    pub kind: Kind,
    /// The extensions of files that the medium decodes.
    pub extensions: Vec<String>,
    /// True for sequences of tokens, false for sequences of frames.
    pub tokens: bool,
    /// The size of the vocabulary; null for frames.
    pub vocabulary: Option<usize>,
}

/// The kind of a medium's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// Texts.
    Text,
    /// Pictures.
    Image,
    /// Sounds and other recordings.
    Signal,
    /// Values of a medium's own kind, each a row of items: notes of a melody, moves of a game.
    Items,
}
