//! Arguments of `import`.

use std::path::PathBuf;

use clap::Args;

#[derive(Args, Debug)]
pub(crate) struct ImportArguments {
    /// The folder of the model in Hugging Face's layout: `config.json`, `model.safetensors` or
    /// `pytorch_model.bin`, and the files of its tokenizer. Or a model of Marian, or its folder: `.npz` or `.bin` beside its vocabulary (`.spm`). Or the name of a
    /// model that `any2any data get` fetched.
    pub source: PathBuf,
    /// The folder of the run; `runs/NAME` if left out, after the name of the model's folder.
    #[arg(long, value_name = "FOLDER")]
    pub run: Option<PathBuf>,
    /// The text in front of every source, of a model that is told its task so, such as `translate English to German: ` of
    /// T5.
    #[arg(long, value_name = "TEXT")]
    pub instruction: Option<String>,
    /// Change an option of the run's experiment, as in `--set tasks.translate.decoding.beam.size=1`, or give its task data.
    #[arg(long = "set", value_name = "OPTION=VALUE")]
    pub overrides: Vec<String>,
    /// Set a run that is already there aside, under a name that ends in `.old-N`.
    #[arg(long)]
    pub overwrite: bool,
    /// Also print what each tensor of the files became.
    #[arg(long)]
    pub parts: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}
