//! Runs, their models and their tasks.

use any2any_experiment::spec;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the server is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// `ok`.
    pub status: String,
    /// How many models are loaded.
    pub models: usize,
}

/// A run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// Its number, from 0.
    pub number: usize,
    /// The experiment's name, or else the folder's.
    pub name: String,
    /// The last part of the folder's path.
    pub folder: String,
    /// Whether there are metrics of its training.
    pub training: bool,
    /// Whether it is a sweep: trainings of a grid.
    pub sweep: bool,
    /// The model; null before the first checkpoint, and of a run that cannot be read.
    pub model: Option<RunModel>,
    /// Why the run cannot be read; null when it can.
    #[serde(default)]
    pub broken: Option<String>,
}

/// The model of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunModel {
    /// What stands between stems and heads.
    pub body: Body,
    /// The width of every position.
    pub d_model: usize,
    /// The inner width of the feed-forward layers; 0 for an LSTM.
    pub d_ff: usize,
    /// Attention heads; 0 for an LSTM.
    pub heads: usize,
    /// Layers of the encoder; 0 for a decoder-only model.
    pub encoder_layers: usize,
    /// Layers of the decoder.
    pub decoder_layers: usize,
    /// How many numbers are learned.
    pub parameters: u64,
    /// Where layer normalisation stands; null for an LSTM.
    pub norm: Option<spec::NormPlacement>,
    /// How positions are told apart: `sinusoidal`, `learned`, `rotary`, `alibi`; null for an LSTM.
    pub positions: Option<spec::Positions>,
    /// The checkpoints, by step.
    pub checkpoints: Vec<Checkpoint>,
    /// The tasks.
    pub tasks: Vec<Task>,
}

/// What stands between stems and heads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// Encoder and decoder of attention.
    Transformer,
    /// A language model.
    DecoderOnly,
    /// The recurrent baseline.
    Lstm,
}

/// Weights that were kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Checkpoint {
    /// Its name: `step-600`.
    pub name: String,
    /// The step after which it was written.
    pub step: u64,
    /// Whether it is the best.
    pub best: bool,
    /// Whether it is the last.
    pub last: bool,
}

/// What a model translates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Task {
    /// Its number, from 0.
    pub number: usize,
    /// Its name in the experiment.
    pub name: String,
    /// Whether the target has one token for every position of the source.
    pub aligned: bool,
    /// What is read; null for a decoder-only model.
    pub source: Option<Side>,
    /// What is written.
    pub target: Side,
    /// How it is written unless a request says otherwise.
    pub decoding: spec::Decoding,
    /// The splits of its data; none when the data is not there.
    pub splits: Vec<String>,
}

/// What a task reads or writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Side {
    /// The medium's name.
    pub medium: String,
    /// What its values are.
    pub kind: Kind,
    /// The extensions of files that it decodes.
    pub extensions: Vec<String>,
    /// Whether its sequences are tokens; else frames.
    pub tokens: bool,
    /// How many tokens there are; null for frames.
    pub vocabulary: Option<usize>,
}

/// What the values of a medium are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Texts.
    Text,
    /// Pictures.
    Image,
    /// Sounds and recordings.
    Signal,
}
