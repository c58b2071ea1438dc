//! Arguments of `any2any bench`.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ConfigArguments, DataRootArgument, PrecisionArgument, RunDataArguments};

#[derive(Args, Debug)]
pub(crate) struct BenchArguments {
    #[command(subcommand)]
    pub command: BenchCommand,
}

#[derive(Subcommand, Debug)]
pub(crate) enum BenchCommand {
    /// Measure some steps of a training. No run is written.
    Train(BenchTrainArguments),
    /// Measure the translation of some lines, by a run or by an experiment that has not been trained.
    Decode(BenchDecodeArguments),
    /// Measure the encoder alone, forward and backward, over one sequence of random frames.
    Encoder(BenchEncoderArguments),
    /// Measure single operations, forward and backward, beside their compositions of primitives.
    Kernels(BenchKernelsArguments),
    /// Measure the server under load: how many translations a second one client gets, and many at a time.
    Serve(BenchServeArguments),
}

#[derive(Args, Debug)]
pub(crate) struct BenchServeArguments {
    /// The folder of the run.
    pub run: PathBuf,
    /// The number of clients that send requests at a time.
    #[arg(long, default_value = "200")]
    pub clients: NonZeroUsize,
    /// The duration of the load in seconds, after a third of it by one client alone.
    #[arg(long, default_value = "30")]
    pub seconds: NonZeroU64,
    /// The lines to translate; texts of the test split if left out.
    #[arg(long, value_name = "FILE")]
    pub input: Option<PathBuf>,
    #[command(flatten)]
    pub root: RunDataArguments,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct BenchKernelsArguments {
    /// The number of sequences.
    #[arg(long, default_value = "256")]
    pub batch: NonZeroUsize,
    /// The number of positions of each sequence.
    #[arg(long, default_value = "16")]
    pub positions: NonZeroUsize,
    /// The width of a position.
    #[arg(long, default_value = "128")]
    pub d_model: NonZeroUsize,
    /// The width inside the feed-forward layer.
    #[arg(long, default_value = "256")]
    pub d_ff: NonZeroUsize,
    /// The number of attention heads, which divides the width of a position.
    #[arg(long, default_value = "4")]
    pub heads: NonZeroUsize,
    /// The number of measurements of each operation, of which the median counts.
    #[arg(long, default_value_t = 11)]
    pub repetitions: usize,
    /// Threads of the CPU backend; as many as there are cores if left out.
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    pub threads: usize,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct BenchEncoderArguments {
    #[command(flatten)]
    pub config: ConfigArguments,
    /// The number of frames in the sequence.
    #[arg(long)]
    pub frames: NonZeroUsize,
    /// The number of values in a frame.
    #[arg(long, default_value = "80")]
    pub width: NonZeroUsize,
    /// The number of measured passes, after one that is not measured.
    #[arg(long, default_value = "1")]
    pub steps: NonZeroUsize,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct BenchTrainArguments {
    #[command(flatten)]
    pub config: ConfigArguments,
    #[command(flatten)]
    pub root: DataRootArgument,
    /// The number of measured steps.
    #[arg(long)]
    pub steps: NonZeroU64,
    /// The number of steps before the first measured one.
    #[arg(long, value_name = "STEPS", default_value_t = 5)]
    pub warm_up: u64,
    /// Train on samples of exactly this many source and target tokens, cut from the data's own.
    #[arg(long, value_name = "TOKENS")]
    pub length: Option<NonZeroUsize>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct BenchDecodeArguments {
    /// The folder of a run, or an experiment, whose model then has random weights.
    pub run_or_config: PathBuf,
    /// Change an option of the experiment, as in `--set device.threads=2`.
    #[arg(long = "set", value_name = "OPTION=VALUE")]
    pub overrides: Vec<String>,
    #[command(flatten)]
    pub root: DataRootArgument,
    /// The weights of a run: `best`, `last`, `step-N`, or a safetensors file.
    #[arg(long, default_value = "best")]
    pub checkpoint: String,
    /// The task, if there are several.
    #[arg(long)]
    pub task: Option<String>,
    /// The lines to translate.
    #[arg(long, value_name = "FILE")]
    pub input: PathBuf,
    /// Translate only the first lines.
    #[arg(long)]
    pub lines: Option<NonZeroUsize>,
    /// Beam search with this many hypotheses, instead of the experiment's search.
    #[arg(long, value_name = "SIZE")]
    pub beam: Option<NonZeroUsize>,
    /// Force every hypothesis to exactly this many tokens, the end token excluded.
    #[arg(long, value_name = "TOKENS")]
    pub force_length: Option<NonZeroUsize>,
    /// Translate lines of similar length together, up to this many source positions, padding included and beams
    /// excluded.
    #[arg(long, value_name = "TOKENS", conflicts_with = "one_by_one")]
    pub batch_tokens: Option<NonZeroUsize>,
    /// Translate each line alone, and tell how long one takes.
    #[arg(long)]
    pub one_by_one: bool,
    #[command(flatten)]
    pub precision: PrecisionArgument,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}
