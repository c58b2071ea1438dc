//! Arguments of the commands that work on a run without data: `average`, `describe` and `export`.

use std::path::PathBuf;

use clap::Args;

use super::{DataRootArgument, PrecisionArgument};

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
