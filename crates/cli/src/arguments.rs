//! Arguments of the command line: one type for each command, parsed by clap.

mod bench;
mod data;
mod metrics;
mod search;
mod serve;
mod sweep;

use std::path::PathBuf;

use any2any_data::{DataError, DataRoot};
use any2any_translate::Precision;
use clap::{Args, Parser, Subcommand};

pub(crate) use bench::{
    BenchArguments, BenchCommand, BenchDecodeArguments, BenchEncoderArguments, BenchKernelsArguments,
    BenchServeArguments, BenchTrainArguments,
};
pub(crate) use data::{DataArguments, DataCommand, LookArguments};
pub(crate) use metrics::{MetricList, MetricOptions};
pub(crate) use search::SearchArguments;
pub(crate) use serve::{ExploreArguments, ServeArguments, ServerArguments};
pub(crate) use sweep::SweepArguments;

/// One transformer that translates between any two media.
#[derive(Parser, Debug)]
#[command(name = "any2any", version, about, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Write a commented experiment for a pair of files.
    #[command(after_help = "Example:\n  any2any new my.yaml --source train.en --target train.de")]
    New(NewArguments),
    /// Report everything that is wrong with an experiment, and do nothing else.
    #[command(after_help = "Example:\n  any2any check configs/quickstart.yaml")]
    Check(CheckArguments),
    /// Print the JSON Schema of experiments, for editors.
    #[command(after_help = "Example:\n  any2any schema > experiment.schema.json")]
    Schema,
    /// List datasets, get one, or list the events of recordings.
    #[command(after_help = "Example:\n  any2any data get multi30k")]
    Data(DataArguments),
    /// Train an experiment, or go on with a run.
    #[command(
        after_help = "Examples:\n  any2any train configs/quickstart.yaml\n  any2any train --resume runs/quickstart"
    )]
    Train(TrainArguments),
    /// Translate standard input, files or folders: texts line by line, anything else file by file.
    ///
    /// One line in is one line out: an empty line stays empty, a line end inside an output is written as a space, and a
    /// line that cannot be read is named and leaves an empty one. The exit code is then 1.
    #[command(
        after_help = "Examples:\n  any2any translate runs/quickstart < source.txt > target.txt\n  any2any translate runs/fraktur page/*.png\n  any2any translate runs/universal --task draw --output pictures < words.txt"
    )]
    Translate(TranslateArguments),
    /// Decode and score a split with a trained model.
    #[command(after_help = "Example:\n  any2any evaluate runs/quickstart --split test")]
    Evaluate(Box<EvaluateArguments>),
    /// Train once for every value of a field, with that value left out of training, and score each model on it.
    #[command(after_help = "Example:\n  any2any cross-validate configs/ssvep.yaml --over subject")]
    CrossValidate(CrossValidateArguments),
    /// Train at every point of a grid over one or two options: a map of where training converges, and how fast.
    #[command(
        after_help = "Examples:\n  any2any sweep configs/sweep.yaml --over training.schedule.constant.peak=0.1..10:64:log --over training.optimizer.sgd.momentum=0..0.99:64\n  any2any explore runs/sweep"
    )]
    Sweep(SweepArguments),
    /// Score a file of hypotheses against one or several files of references; no model is needed.
    #[command(
        after_help = "Examples:\n  any2any metrics hypotheses.txt references.txt --metric bleu,chrf\n  any2any metrics hypotheses.zh references-a.zh references-b.zh --tokenize zh\n  any2any metrics hypotheses.txt references.txt --metric 'ter: { normalized: true, asian_support: true }'"
    )]
    Metrics(MetricsArguments),
    /// Print a model's log-probability of given pairs.
    #[command(after_help = "Example:\n  any2any score runs/quickstart --source a.en --target a.de")]
    Score(ScoreArguments),
    /// Continue a text with a decoder-only model, or print the most probable next tokens.
    #[command(after_help = "Example:\n  any2any complete runs/language-model 'two dogs' --next 5")]
    Complete(CompleteArguments),
    /// Average the weights of a run's checkpoints.
    #[command(
        after_help = "Example:\n  any2any average runs/quickstart\n  any2any translate runs/quickstart --checkpoint runs/quickstart/averaged.safetensors < source.txt"
    )]
    Average(AverageArguments),
    /// Show layers, parameters, memory, vocabulary and history of a run or an experiment.
    #[command(after_help = "Example:\n  any2any describe runs/quickstart")]
    Describe(DescribeArguments),
    /// Copy all that translation needs of a run to a folder.
    #[command(after_help = "Example:\n  any2any export runs/quickstart model")]
    Export(ExportArguments),
    /// Measure how fast training and decoding are on this machine, and where the time goes.
    #[command(
        after_help = "Examples:\n  any2any bench train configs/quickstart.yaml --steps 20\n  any2any bench decode runs/quickstart --input source.txt"
    )]
    Bench(BenchArguments),
    /// Open a page to translate with trained models step by step, and to see their attention.
    #[command(
        after_help = "Examples:\n  any2any explore runs/quickstart\n  any2any explore runs/transformer runs/lstm --port 8080 --no-open"
    )]
    Explore(ExploreArguments),
    /// Serve trained models to other programs, as JSON over HTTP; `/openapi.json` describes it.
    #[command(
        after_help = "Example:\n  any2any serve runs/quickstart --port 8080 --token my-own-secret\n  curl -H 'Authorization: Bearer my-own-secret' -d '{\"source\": {\"text\": \"the dog sees a house .\"}}' http://127.0.0.1:8080/api/translate"
    )]
    Serve(ServeArguments),
    /// Print completions for a shell.
    #[command(
        after_help = "Example:\n  any2any completions bash > ~/.local/share/bash-completion/completions/any2any"
    )]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Error of a command that cannot mean anything.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(pub String);

#[derive(Args, Debug)]
pub(crate) struct DataRootArgument {
    /// The folder that holds datasets, or into which they are downloaded.
    #[arg(long, env = "ANY2ANY_DATA", value_name = "FOLDER")]
    pub data_root: Option<PathBuf>,
}

/// Options for the data of runs, which may have been made by anyone.
#[derive(Args, Debug)]
pub(crate) struct RunDataArguments {
    #[command(flatten)]
    root: DataRootArgument,
    /// Read data of a run wherever it says that it lies, not only in its own folder, the data root and the current
    /// folder: for runs of your own.
    #[arg(long)]
    trust_paths: bool,
}

impl RunDataArguments {
    /// Finds the data root for runs.
    pub(crate) fn find(&self) -> Result<DataRoot, DataError> {
        let root = DataRoot::find(self.root.data_root.as_deref())?;
        Ok(root.trusting_runs(self.trust_paths))
    }
}

#[derive(Args, Debug)]
pub(crate) struct ConfigArguments {
    /// The experiment, a YAML file.
    pub config: PathBuf,
    /// Change an option of the experiment, as in `--set training.steps=100`.
    #[arg(long = "set", value_name = "OPTION=VALUE")]
    pub overrides: Vec<String>,
}

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
pub(crate) struct ModelArguments {
    /// The folder of the run.
    pub run: PathBuf,
    /// The weights: `best`, `last`, `step-N`, or a safetensors file.
    #[arg(long, default_value = "best")]
    pub checkpoint: String,
    /// The task, if the run has several.
    #[arg(long)]
    pub task: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct PrecisionArgument {
    /// Round the weights to 8-bit whole numbers: a quarter of the size, and faster on the CPU.
    #[arg(long)]
    pub int8: bool,
}

impl PrecisionArgument {
    /// The precision of the weights.
    pub(crate) fn precision(&self) -> Precision {
        if self.int8 { Precision::Int8 } else { Precision::Float32 }
    }
}

#[derive(Args, Debug)]
pub(crate) struct TranslateArguments {
    #[command(flatten)]
    pub model: ModelArguments,
    /// Files, or folders of files, instead of standard input.
    pub inputs: Vec<PathBuf>,
    /// The folder for pictures and sounds, one file for each source, named after it.
    #[arg(long, value_name = "FOLDER")]
    pub output: Option<PathBuf>,
    /// Replace files of that folder that are already there.
    #[arg(long, requires = "output")]
    pub overwrite: bool,
    #[command(flatten)]
    pub precision: PrecisionArgument,
    #[command(flatten)]
    pub search: SearchArguments,
    /// The most positions of a source: the work of an encoder grows with their square.
    #[arg(long, value_name = "POSITIONS", default_value_t = 8192)]
    pub max_source: usize,
    /// The beginning of every translation.
    #[arg(long, value_name = "TEXT")]
    pub prefix: Option<String>,
    /// Print one JSON object, with tokens and scores.
    #[arg(long)]
    pub json: bool,
}

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
    #[arg(long = "metric", value_name = "METRICS", value_parser = metrics::metric_list)]
    pub metrics: Vec<MetricList>,
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

#[derive(Args, Debug)]
pub(crate) struct MetricsArguments {
    /// The hypotheses: a system's outputs, a line for each sample.
    pub hypotheses: PathBuf,
    /// The references, a line for each sample: a file, or several that each hold one right line for every sample. An
    /// empty line is an empty reference.
    #[arg(required = true)]
    pub references: Vec<PathBuf>,
    /// Metrics, separated by commas, written as in an experiment: `bleu,chrf`, or `bleu: { tokenize: zh }`.
    #[arg(long = "metric", value_name = "METRICS", value_parser = metrics::metric_list, default_value = "bleu,chrf")]
    pub metrics: Vec<MetricList>,
    #[command(flatten)]
    pub options: MetricOptions,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct ScoreArguments {
    #[command(flatten)]
    pub model: ModelArguments,
    /// The sources, a line for each sample. A decoder-only model has none.
    #[arg(long, value_name = "FILE")]
    pub source: Option<PathBuf>,
    /// The targets, a line for each sample.
    #[arg(long, value_name = "FILE")]
    pub target: PathBuf,
    /// Print one JSON object, with the log-probability of every token.
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct CompleteArguments {
    #[command(flatten)]
    pub model: ModelArguments,
    /// The beginning of the text.
    #[arg(default_value = "")]
    pub prefix: String,
    /// Print the most probable next tokens with their probabilities instead of a text.
    #[arg(long, value_name = "COUNT")]
    pub next: Option<usize>,
    /// The number of texts to write.
    #[arg(long, default_value_t = 1)]
    pub count: usize,
    #[command(flatten)]
    pub search: SearchArguments,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

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
    /// The folder to write.
    pub output: PathBuf,
    /// The weights: `best`, `last`, `step-N`, or a safetensors file.
    #[arg(long, default_value = "best")]
    pub checkpoint: String,
    #[command(flatten)]
    pub precision: PrecisionArgument,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Arguments::command().debug_assert();
    }
}
