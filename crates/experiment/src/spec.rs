//! Specification of an experiment: the types of its YAML file, with the documentation and the default of every option.
//! The JSON Schema, the checks and `resolved.yaml` all come from these types.
//!
//! Choices are maps with one key (`schedule: { inverse_sqrt: { warmup: 2000 } }`), so that every option of a
//! choice stands beside its name and keeps its position in the file.

mod data;
mod decoding;
mod evaluation;
mod metric;
mod model;
mod plugged;
mod prompt;
mod start;
mod task;
mod training;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use data::{
    Cell, Columns, Data, Fasta, FilePart, Files, Filter, Join, LengthRange, LengthUnit, Limit, Members, Pair,
    PartOfFile, Problem, Records, Rectangle, Rows, Script, Scripts, Shards, Shares, Split, SplitFiles, Store,
    TableFile, Texts, WebDataset, Words,
};
pub(crate) use data::{is_pattern, is_there};
pub use decoding::{Beam, Decoding, DecodingError, MinimumBayesRisk, Sampling};
pub use evaluation::Evaluation;
pub use metric::{Bleu, Chrf, Metric, Smoothing, Ter, Tokenizer};
pub use model::{
    Activation, DecoderOnly, Initialization, Lstm, LstmAttention, Model, NormPlacement, Parts, Positions,
    TiedEmbeddings, Transformer,
};
pub use plugged::Plugged;
pub use prompt::{Detect, Prompt, PromptError, Timestamps};
pub(crate) use start::CHOICE;
pub use start::{Adapted, Lora, ModelSection, Start, VocabularyStart};
pub use task::{Losses, Side, Task};
pub use training::{
    Adafactor, Adam, AdamW, Batch, Exchange, Factor, Mixing, Optimizer, Precision, Recompute, Schedule, Sgd,
    Training,
};

/// A whole experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Experiment {
    /// The name of the experiment.
    #[schemars(length(min = 1))]
    pub name: String,
    /// The seed of every random number of the run.
    #[serde(default = "one")]
    pub seed: u64,
    /// The device to compute on.
    #[serde(default)]
    pub device: Device,
    /// The tasks that the model learns, by name; all share one model.
    #[schemars(extend("minProperties" = 1))]
    pub tasks: BTreeMap<String, Task>,
    /// The model.
    pub model: ModelSection,
    /// The training: optimizer, schedule and batches.
    #[serde(default)]
    pub training: Training,
    /// The decoding options of all tasks that have none of their own.
    #[serde(default)]
    pub decoding: Decoding,
    /// The evaluation during training and at its end.
    #[serde(default)]
    pub evaluation: Evaluation,
}

fn one() -> u64 {
    1
}

impl Experiment {
    /// The decoding options of a task.
    pub fn decoding(&self, task: &str) -> &Decoding {
        let own = self.tasks.get(task).and_then(|task| task.decoding.as_ref());
        own.unwrap_or(&self.decoding)
    }

    /// The metrics of a task's outputs.
    pub fn metrics(&self, task: &str) -> &[Metric] {
        let own = self.tasks.get(task).and_then(|task| task.metrics.as_deref());
        own.unwrap_or(&self.evaluation.metrics)
    }
}

/// The device to compute on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Device {
    /// The backend; it must be among those this program was built with.
    pub backend: Backend,
    /// The number of the device if there are several, counted from 0.
    pub index: usize,
    /// The most threads of the CPU backend; 0: as many as there are cores, which several ranks on a machine share.
    #[schemars(range(max = 1024))]
    pub threads: usize,
}

/// The backend that computes: an implementation of tensor operations for one kind of device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Backend {
    /// The first one that this program was built with, of cuda, tch, wgpu, flex.
    #[default]
    Auto,
    /// The portable CPU backend, in every build by default.
    Flex,
    /// LibTorch on the CPU.
    Tch,
    /// LibTorch on a CUDA device.
    TchCuda,
    /// A GPU through Vulkan, Metal or WebGPU.
    Wgpu,
    /// A CUDA device.
    Cuda,
}
