//! Arguments of the commands that work on a finished run: `average`, `describe`, `export` and `shortlist`.

use std::path::PathBuf;

use any2any_train::ShortlistOptions;
use clap::Args;

use super::{DataRootArgument, PrecisionArgument, RunDataArguments};

#[derive(Args, Debug)]
pub(crate) struct AverageArguments {
    /// The folder of the run.
    pub run: PathBuf,
    /// The checkpoints to average (`best`, `last`, `step-N`); all of the run if left out.
    #[arg(long = "checkpoint", value_name = "CHECKPOINTS", value_delimiter = ',')]
    pub checkpoints: Vec<String>,
    /// The file to write; `RUN/averaged.safetensors` if left out.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct DescribeArguments {
    /// The folder of a run, or an experiment.
    pub run_or_config: PathBuf,
    #[command(flatten)]
    pub root: DataRootArgument,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct ExportArguments {
    /// The folder of the run.
    pub run: PathBuf,
    /// The folder to write, or the file.
    pub output: PathBuf,
    /// The weights: `best`, `last`, `step-N`, or a safetensors file.
    #[arg(long, default_value = "best")]
    pub checkpoint: String,
    /// The layout: a run, or a model that another program loads.
    #[arg(long, value_enum, default_value_t = ExportFormat::Any2any)]
    pub format: ExportFormat,
    /// The task that another program is given; the only one if left out.
    #[arg(long)]
    pub task: Option<String>,
    #[command(flatten)]
    pub precision: PrecisionArgument,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct ShortlistArguments {
    /// The folder of the run.
    pub run: PathBuf,
    /// The task, if the run has several.
    #[arg(long)]
    pub task: Option<String>,
    #[command(flatten)]
    pub root: RunDataArguments,
    /// The split whose pairs it is learned from.
    #[arg(long, default_value = "train")]
    pub split: String,
    /// Learn from the first pairs alone, so many of them.
    #[arg(long, value_name = "PAIRS", default_value_t = 500_000)]
    pub limit: usize,
    /// The number of the most frequent tokens, which may be written for every source.
    #[arg(long, value_name = "TOKENS", default_value_t = ShortlistOptions::default().frequent)]
    pub frequent: usize,
    /// The number of the most probable translations of each token of a source, which may be written for it.
    #[arg(long, value_name = "TOKENS", default_value_t = ShortlistOptions::default().best)]
    pub best: usize,
    /// The iterations of expectation maximisation by which they are found.
    #[arg(long, value_name = "COUNT", default_value_t = ShortlistOptions::default().iterations)]
    pub iterations: usize,
    /// Learn another list in the place of one that is there.
    #[arg(long)]
    pub replace: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// Layout of an export.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExportFormat {
    /// A run that every command takes.
    Any2any,
    /// A folder that transformers loads.
    Huggingface,
    /// A folder that CTranslate2 loads.
    Ctranslate2,
    /// One file for the engine in a browser, as exported pages carry it.
    Portable,
}
