//! Arguments of the commands that write a medium or an experiment, check one, or plan its training.

use std::path::PathBuf;

use clap::Args;

use super::{ConfigArguments, DataRootArgument};

#[derive(Args, Debug)]
pub(crate) struct NewArguments {
    /// The file to write.
    pub config: PathBuf,
    /// The source sentences, one a line.
    #[arg(long, value_name = "FILE")]
    pub source: PathBuf,
    /// The target sentences, one a line.
    #[arg(long, value_name = "FILE")]
    pub target: PathBuf,
    /// Source sentences of the validation split.
    #[arg(long, value_name = "FILE", requires = "validation_target")]
    pub validation_source: Option<PathBuf>,
    /// Target sentences of the validation split.
    #[arg(long, value_name = "FILE", requires = "validation_source")]
    pub validation_target: Option<PathBuf>,
    /// Source sentences of the test split.
    #[arg(long, value_name = "FILE", requires = "test_target")]
    pub test_source: Option<PathBuf>,
    /// Target sentences of the test split.
    #[arg(long, value_name = "FILE", requires = "test_source")]
    pub test_target: Option<PathBuf>,
    /// The experiment's name; that of the file if left out.
    #[arg(long)]
    pub name: Option<String>,
    /// Replace a file that is already there.
    #[arg(long)]
    pub overwrite: bool,
}

#[derive(Args, Debug)]
pub(crate) struct NewMediumArguments {
    /// The name of the medium and of its crate: small letters, digits, `-` and `_`, a letter first. In experiments, `_` stands
    /// in the place of `-`.
    pub name: String,
    /// A clone of any2any that the crate depends on, instead of the version that is published.
    #[arg(long, value_name = "FOLDER", conflicts_with = "git")]
    pub path: Option<PathBuf>,
    /// A git repository of any2any that the crate depends on, instead of the version that is published.
    #[arg(long, value_name = "URL")]
    pub git: Option<String>,
    /// The folder in which the crate's own folder is made; the current one if left out.
    #[arg(long, value_name = "FOLDER")]
    pub into: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct CheckArguments {
    #[command(flatten)]
    pub config: ConfigArguments,
    #[command(flatten)]
    pub root: DataRootArgument,
    /// Check the experiment alone: do not read its data.
    #[arg(long)]
    pub no_data: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct PlanArguments {
    #[command(flatten)]
    pub config: ConfigArguments,
    #[command(flatten)]
    pub root: DataRootArgument,
    /// The number of steps that are measured for the duration; 0: none, and no duration.
    #[arg(long, default_value_t = 5)]
    pub steps: u64,
    /// The number of steps before the first measured one.
    #[arg(long, value_name = "STEPS", default_value_t = 1)]
    pub warm_up: u64,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}
