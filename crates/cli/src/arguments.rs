//! Arguments of the command line: one type for each command, parsed by clap.

mod bench;
mod data;
mod evaluate;
mod experiment;
mod import;
mod metrics;
mod run;
mod search;
mod serve;
mod shared;
mod sweep;
mod train;
mod translate;

use clap::{Parser, Subcommand};

pub(crate) use bench::{
    BenchArguments, BenchCommand, BenchDecodeArguments, BenchEncoderArguments, BenchKernelsArguments,
    BenchServeArguments, BenchTrainArguments,
};
pub(crate) use data::{DataArguments, DataCommand, GenerateCorpus, LookArguments};
pub(crate) use evaluate::{EvaluateArguments, MetricsArguments};
pub(crate) use experiment::{CheckArguments, NewArguments, NewMediumArguments, PlanArguments};
pub(crate) use import::ImportArguments;
pub(crate) use metrics::MetricOptions;
pub(crate) use run::{
    AverageArguments, DescribeArguments, ExportArguments, ExportFormat, ShortlistArguments,
};
pub(crate) use search::SearchArguments;
pub(crate) use serve::{ExploreArguments, LectureArguments, ServeArguments, ServerArguments};
pub(crate) use shared::{
    ConfigArguments, DataRootArgument, ModelArguments, PrecisionArgument, RunDataArguments,
};
pub(crate) use sweep::SweepArguments;
pub(crate) use train::{CrossValidateArguments, TrainArguments};
pub(crate) use translate::{AlignmentArguments, CompleteArguments, ScoreArguments, TranslateArguments};

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
    /// Write a crate with a medium of your own: a program with every command, an experiment and its data.
    #[command(
        after_help = "Examples:\n  any2any new-medium notes\n  any2any new-medium notes --git https://github.com/any2any-rs/any2any"
    )]
    NewMedium(NewMediumArguments),
    /// Report everything that is wrong with an experiment, and do nothing else.
    #[command(after_help = "Example:\n  any2any check configs/quickstart.yaml")]
    Check(CheckArguments),
    /// Say what a training will take, without training: parameters, memory, operations, steps, and how long.
    ///
    /// Memory is estimated by part from shapes, for the CPU backend. The duration comes from a few steps that are measured,
    /// of which nothing is kept; evaluations are not in it.
    #[command(
        after_help = "Examples:\n  any2any plan configs/quickstart.yaml\n  any2any plan configs/quickstart.yaml --steps 0 --set training.recompute=layers"
    )]
    Plan(PlanArguments),
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
    /// Learn which tokens may be written for a source from the pairs of a run: decoding is faster with a large vocabulary.
    ///
    /// The list is a file of the run, `shortlists/TASK.bin`, in Marian's binary format. All that decodes on the CPU then uses
    /// it, until the file is removed.
    #[command(
        after_help = "Example:\n  any2any shortlist runs/multi30k-en-de\n  any2any evaluate runs/multi30k-en-de"
    )]
    Shortlist(ShortlistArguments),
    /// Show layers, parameters, memory, vocabulary and history of a run or an experiment.
    #[command(after_help = "Example:\n  any2any describe runs/quickstart")]
    Describe(DescribeArguments),
    /// Bring a model that was trained elsewhere: a run that every command takes.
    ///
    /// Known are Marian (OPUS-MT), T5 (mT5, Flan-T5) and GPT-2 in Hugging Face's layout, with weights in safetensors.
    #[command(
        after_help = "Example:\n  any2any import opus-mt-en-de --run runs/opus-mt-en-de\n  any2any translate runs/opus-mt-en-de < source.txt"
    )]
    Import(ImportArguments),
    /// Copy all that translation needs of a run to a folder, as a run or in another program's layout.
    #[command(
        after_help = "Examples:\n  any2any export runs/quickstart model\n  any2any export runs/quickstart model --format ctranslate2"
    )]
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
    /// Open the page's story: an hour from the recurrent network to the transformer, in ten chapters, with models that
    /// ship with the program or with runs of your own.
    #[command(
        after_help = "Examples:\n  any2any lecture\n  any2any lecture --export story.html\n  any2any lecture runs/agreement runs/agreement-lstm"
    )]
    Lecture(LectureArguments),
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Arguments::command().debug_assert();
    }
}
