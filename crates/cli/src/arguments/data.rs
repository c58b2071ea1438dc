//! Arguments of `any2any data`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::DataRootArgument;

#[derive(Args, Debug)]
pub(crate) struct DataArguments {
    #[command(subcommand)]
    pub command: DataCommand,
}

#[derive(Subcommand, Debug)]
pub(crate) enum DataCommand {
    /// List all datasets, and show which of them are already there.
    List {
        #[command(flatten)]
        root: DataRootArgument,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// List what the cache holds of encoded samples and fitted vocabularies, or remove it.
    Cache {
        #[command(flatten)]
        root: DataRootArgument,
        /// Remove all but what a process is making now.
        #[arg(long)]
        clear: bool,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Write a large corpus to the disk, to measure what data of that size takes.
    Generate {
        #[command(subcommand)]
        corpus: GenerateCorpus,
    },
    /// Print the events of recordings (annotations of EDF+ and BDF+) as a table, to make samples of.
    #[command(after_help = "Example:\n  any2any data events recordings/*.edf > events.tsv")]
    Events {
        /// The recordings.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Show the contents of files, or of samples of an experiment: shape, rate, channels, range, tokens, lengths.
    #[command(
        after_help = "Examples:\n  any2any data look recordings/*.edf page.png\n  any2any data look configs/quickstart.yaml --samples 5"
    )]
    Look(LookArguments),
    /// Download a dataset, verify it, and unpack it.
    Get {
        /// The dataset's name, or the path of a manifest.
        name: String,
        #[command(flatten)]
        root: DataRootArgument,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args, Debug)]
pub(crate) struct LookArguments {
    /// Files and folders of files, or one experiment, a YAML file.
    #[arg(required = true)]
    pub inputs: Vec<PathBuf>,
    /// The medium of the files: `audio`, `image`, `eeg`; recognised by their content if left out.
    #[arg(long)]
    pub medium: Option<String>,
    /// The folder for the contents: of files as FILE.npy (float32), of an experiment's samples as pictures, sounds,
    /// recordings and texts.
    #[arg(long, value_name = "FOLDER")]
    pub output: Option<PathBuf>,
    /// Replace files of that folder that are already there.
    #[arg(long, requires = "output")]
    pub overwrite: bool,
    /// The number of samples shown of each split of an experiment.
    #[arg(long, default_value_t = 3)]
    pub samples: usize,
    /// Change an option of the experiment, as in `--set training.steps=100`.
    #[arg(long = "set", value_name = "OPTION=VALUE")]
    pub overrides: Vec<String>,
    #[command(flatten)]
    pub root: DataRootArgument,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

#[derive(Subcommand, Debug)]
pub(crate) enum GenerateCorpus {
    /// Write parallel text of English and German: train, validation and test, a file a language; about 300 bytes a pair.
    Pairs {
        /// The folder for the files.
        folder: PathBuf,
        /// The number of training pairs.
        #[arg(long, default_value_t = 1_000_000)]
        pairs: u64,
        /// The seed; the same gives the same lines.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Write sounds with their texts, in which each letter is two tones: WAV files of 16 kHz, and a table for train,
    /// validation and test; about 115 MB an hour.
    Sounds {
        /// The folder for the files.
        folder: PathBuf,
        /// The hours of sound for training.
        #[arg(long, default_value_t = 1.0)]
        hours: f64,
        /// The seed; the same gives the same sounds.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}
