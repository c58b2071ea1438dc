//! Arguments that several commands take: the data root, the run and its checkpoint, the precision.

use std::path::PathBuf;
use std::sync::Arc;

use any2any_data::{DataError, DataRoot};
use any2any_run::Task;
use any2any_translate::{Precision, Translator};
use clap::Args;

#[derive(Args, Debug)]
pub(crate) struct DataRootArgument {
    /// The folder that holds datasets, or into which they are downloaded.
    #[arg(long, env = "ANY2ANY_DATA", value_name = "FOLDER")]
    pub data_root: Option<PathBuf>,
    /// The folder of the cache: encoded samples of data that is larger than memory, for all runs on the same data.
    #[arg(long, env = "ANY2ANY_CACHE", value_name = "FOLDER")]
    pub cache: Option<PathBuf>,
}

impl DataRootArgument {
    /// Finds the data root.
    pub(crate) fn find(&self) -> Result<DataRoot, DataError> {
        Ok(DataRoot::find(self.data_root.as_deref())?.with_cache(self.cache.clone()))
    }
}

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
        let root = self.root.find()?;
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
pub(crate) struct ModelArguments {
    /// The folder of the run.
    pub run: PathBuf,
    /// The weights: `best`, `last`, `step-N`, or a safetensors file.
    #[arg(long, default_value = "best")]
    pub checkpoint: String,
    /// The task, if the run has several.
    #[arg(long)]
    pub task: Option<String>,
    /// The language of sources, of a model that is told it, such as `deu_Latn`; `describe` lists those that it knows.
    #[arg(long, value_name = "LANGUAGE")]
    pub source_language: Option<String>,
    /// The language of outputs, of a model that is told it.
    #[arg(long, value_name = "LANGUAGE")]
    pub target_language: Option<String>,
}

impl ModelArguments {
    /// The task that is asked for, in the languages that are asked for.
    pub(crate) fn task_of(&self, translator: &Translator) -> anyhow::Result<Arc<Task>> {
        let task = translator.task(self.task.as_deref())?;
        if self.source_language.is_none() && self.target_language.is_none() {
            return Ok(task.clone());
        }
        let languages = [&self.source_language, &self.target_language].map(Option::as_deref);
        Ok(Arc::new(task.in_languages(languages[0], languages[1])?))
    }
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
