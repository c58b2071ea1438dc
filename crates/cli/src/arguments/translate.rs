//! Arguments of the commands that write outputs or their probabilities: `translate`, `complete` and `score`.

use std::path::PathBuf;

use any2any_translate::Subtitles;
use clap::{Args, ValueEnum};

use super::{ModelArguments, PrecisionArgument, SearchArguments};

#[derive(Args, Debug)]
pub(crate) struct TranslateArguments {
    #[command(flatten)]
    pub model: ModelArguments,
    /// Files, or folders of files, instead of standard input. A file is one source of every medium that opens files of
    /// its extension; any other, and `.txt`, holds a text in each line. Folders of runs before them make a chain: each
    /// reads what the run before it writes, and options of a model name one for each run, with commas between them.
    pub inputs: Vec<PathBuf>,
    /// The folder for the outputs, such as pictures and sounds: one file for each source, named after it.
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
    /// Further runs that write together with the first: the probability of a token is the mean of all. Their
    /// vocabularies must be equal, as those of one experiment are.
    #[arg(long, value_name = "RUN", num_args = 1..)]
    pub ensemble: Vec<PathBuf>,
    /// A list of terms that translations must have: in each line a term of the source, a tab, and its translation.
    #[arg(long, value_name = "FILE")]
    pub terms: Option<PathBuf>,
    #[command(flatten)]
    pub alignments: AlignmentArguments,
    /// Write subtitles: what is said in a recording, with its times.
    #[arg(long, value_name = "FORMAT", value_enum, conflicts_with_all = ["json", "n_best", "prefix"])]
    pub subtitles: Option<SubtitlesArgument>,
    /// Print one JSON object, with tokens and scores; of a chain, with the outputs of every run.
    #[arg(long)]
    pub json: bool,
}

/// The format of subtitles.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum SubtitlesArgument {
    /// SubRip.
    Srt,
    /// WebVTT.
    Vtt,
}

impl From<SubtitlesArgument> for Subtitles {
    fn from(argument: SubtitlesArgument) -> Self {
        match argument {
            SubtitlesArgument::Srt => Self::Srt,
            SubtitlesArgument::Vtt => Self::Vtt,
        }
    }
}

#[derive(Args, Debug)]
pub(crate) struct AlignmentArguments {
    /// Align the words of each translation with those of its source: pairs such as `0-0 1-2` behind ` ||| `, or in a
    /// file with a line for each source.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    pub alignments: Option<Option<PathBuf>>,
    /// The layer of the decoder whose attention aligns, from 0; if left out, the last but one of three or more, or the
    /// last.
    #[arg(long, value_name = "LAYER", requires = "alignments")]
    pub alignment_layer: Option<usize>,
    /// The heads of that layer, from 0; all if left out.
    #[arg(long, value_name = "HEADS", value_delimiter = ',', requires = "alignments")]
    pub alignment_heads: Vec<usize>,
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
pub(crate) struct ScoreArguments {
    #[command(flatten)]
    pub model: ModelArguments,
    /// The sources: a text file with a line for each sample, or a file of another medium, or a folder of them. A
    /// decoder-only model has none.
    #[arg(long, value_name = "PATH")]
    pub source: Option<PathBuf>,
    /// The targets: a text file with a line for each sample, or a file of another medium, or a folder of them.
    #[arg(long, value_name = "PATH")]
    pub target: PathBuf,
    /// Print one JSON object, with the log-probability of every token.
    #[arg(long)]
    pub json: bool,
}
