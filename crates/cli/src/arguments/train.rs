//! Arguments of `train` and `cross-validate`.

use std::path::PathBuf;

use clap::Args;

use super::{ConfigArguments, DataRootArgument};

#[derive(Args, Debug)]
pub(crate) struct TrainArguments {
    /// The experiment, a YAML file.
    #[arg(required_unless_present = "resume")]
    pub config: Option<PathBuf>,
    /// Change an option of the experiment, as in `--set training.steps=100`. Paths start at the experiment's folder.
    #[arg(long = "set", value_name = "OPTION=VALUE", conflicts_with = "resume")]
    pub overrides: Vec<String>,
    /// The folder of the run; `runs/NAME` if left out.
    #[arg(long, value_name = "FOLDER", conflicts_with = "resume")]
    pub run: Option<PathBuf>,
    /// Go on with a run from its last checkpoint.
    #[arg(long, value_name = "RUN", conflicts_with = "config")]
    pub resume: Option<PathBuf>,
    /// With `--resume`: go on to this many steps.
    #[arg(long, requires = "resume")]
    pub steps: Option<u64>,
    /// With `--resume`: go on from this checkpoint (`best`, `last`, `step-N`) instead of the newest that is whole. Later
    /// ones are set aside, under names that end in `.old-N`.
    #[arg(long, value_name = "CHECKPOINT", requires = "resume")]
    pub from: Option<String>,
    /// With `--resume`: the folder that the files of the data have been moved to.
    #[arg(long, value_name = "FOLDER", requires = "resume")]
    pub files: Option<PathBuf>,
    /// With `--resume`: go on although the experiment or the data has been changed since the last checkpoint.
    #[arg(long, requires = "resume")]
    pub accept_changes: bool,
    /// With `--resume`: read data wherever the run says that it lies, not only in its own folder, the data root and the
    /// current folder, and follow links that lead out of it: for runs of your own.
    #[arg(long, requires = "resume")]
    pub trust_paths: bool,
    /// Set a run that is already there aside, under a name that ends in `.old-N`.
    #[arg(long, conflicts_with = "resume")]
    pub overwrite: bool,
    #[command(flatten)]
    pub root: DataRootArgument,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct CrossValidateArguments {
    #[command(flatten)]
    pub config: ConfigArguments,
    /// The field whose values are left out in turn: `subject`, `speaker`, `session`.
    #[arg(long, value_name = "FIELD")]
    pub over: String,
    /// Only these values, separated by commas.
    #[arg(long, value_name = "VALUES", value_delimiter = ',')]
    pub values: Vec<String>,
    /// The folder of the runs; `runs/NAME` if left out. Runs that are already finished are not made again.
    #[arg(long, value_name = "FOLDER")]
    pub run: Option<PathBuf>,
    #[command(flatten)]
    pub root: DataRootArgument,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}
