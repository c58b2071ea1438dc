//! Arguments of `evaluate` and `metrics`.

use std::path::PathBuf;

use clap::Args;

use super::{MetricOptions, ModelArguments, PrecisionArgument, RunDataArguments, SearchArguments};

#[derive(Args, Debug)]
pub(crate) struct EvaluateArguments {
    #[command(flatten)]
    pub model: ModelArguments,
    #[command(flatten)]
    pub precision: PrecisionArgument,
    #[command(flatten)]
    pub search: SearchArguments,
    #[command(flatten)]
    pub root: RunDataArguments,
    /// The folder that the files of the data have been moved to, if they are no longer where the run says.
    #[arg(long, value_name = "FOLDER")]
    pub files: Option<PathBuf>,
    /// The split: a role (`test`, `validation`, `train`) or the name of a split.
    #[arg(long, default_value = "test")]
    pub split: String,
    /// Metrics instead of the experiment's, separated by commas, written as in an experiment: `bleu,chrf`, or `bleu: {
    /// tokenize: zh }`.
    #[arg(long = "metric", value_name = "METRICS")]
    pub metrics: Vec<String>,
    #[command(flatten)]
    pub options: MetricOptions,
    /// Fields of the dataset with further references, separated by commas, instead of the experiment's `references`.
    #[arg(long, value_name = "FIELDS", value_delimiter = ',')]
    pub references: Vec<String>,
    /// Also score against this file, a line for each sample of the split; may be given several times.
    #[arg(long, value_name = "FILE")]
    pub reference_file: Vec<PathBuf>,
    /// Also write the outputs: texts to a file, one a line; anything else to a folder, one a file.
    #[arg(long, value_name = "PATH")]
    pub output: Option<PathBuf>,
    /// Also score this many groups of similar source length.
    #[arg(long, value_name = "GROUPS")]
    pub by_length: Option<usize>,
    /// Also score this many groups of samples with similar numbers in a field of the dataset: `--by distance 6`.
    #[arg(long, num_args = 2, value_names = ["FIELD", "GROUPS"])]
    pub by: Vec<String>,
    /// Decode only the first samples.
    #[arg(long, value_name = "SAMPLES")]
    pub limit: Option<usize>,
    /// Also decode from swapped sources and from noise, to see how much of the score depends on the sources. Done for
    /// every task whose source is not text.
    #[arg(long)]
    pub controls: bool,
    /// Let the model of another run, which reads what this one writes, name every output: the share of names
    /// that are right. It should not have been trained on what it judges.
    #[arg(long, value_name = "RUN", requires = "judge_field")]
    pub judge: Option<PathBuf>,
    /// The judge's task, if its run has several.
    #[arg(long, value_name = "TASK", requires = "judge")]
    pub judge_task: Option<String>,
    /// The field of the dataset that holds the right name.
    #[arg(long, value_name = "FIELD", requires = "judge")]
    pub judge_field: Option<String>,
    /// Leave the controls out.
    #[arg(long, conflicts_with = "controls")]
    pub no_controls: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct MetricsArguments {
    /// The hypotheses: a system's outputs, a line for each sample.
    pub hypotheses: PathBuf,
    /// The references, a line for each sample: a file, or several that each hold one right line for every sample. An
    /// empty line is an empty reference.
    #[arg(required = true)]
    pub references: Vec<PathBuf>,
    /// Metrics, separated by commas, written as in an experiment: `bleu,chrf`, or `bleu: { tokenize: zh }`.
    #[arg(long = "metric", value_name = "METRICS", default_value = "bleu,chrf")]
    pub metrics: Vec<String>,
    #[command(flatten)]
    pub options: MetricOptions,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}
