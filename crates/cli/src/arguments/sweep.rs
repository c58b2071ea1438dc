//! Arguments of `any2any sweep`.

use std::path::PathBuf;

use any2any_run::sweep::Axis;
use clap::Args;

use super::{ConfigArguments, DataRootArgument};

#[derive(Args, Debug)]
pub(crate) struct SweepArguments {
    #[command(flatten)]
    pub config: ConfigArguments,
    /// An axis of the grid, once or twice: OPTION=FROM..TO:COUNT, with `:log` at its end for even steps of the
    /// logarithm, or OPTION=1,2,3.
    #[arg(long, value_name = "OPTION=VALUES", required = true)]
    pub over: Vec<Axis>,
    /// The number of updates of each training; as the experiment says if left out.
    #[arg(long)]
    pub steps: Option<u64>,
    /// The folder of the sweep; `runs/NAME` if left out. A sweep that is already there is gone on with.
    #[arg(long, value_name = "FOLDER")]
    pub run: Option<PathBuf>,
    /// The number of trainings that run at a time; as many as there are cores if left out.
    #[arg(long)]
    pub threads: Option<std::num::NonZero<usize>>,
    #[command(flatten)]
    pub root: DataRootArgument,
    /// Print one JSON object, without the single cells.
    #[arg(long)]
    pub json: bool,
}
