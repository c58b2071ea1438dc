//! Template of a commented experiment, which `any2any new` writes for a pair of files.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::names::folder_name;
use crate::variables::escape;
use crate::write::quoted;

/// The answers from which an experiment is written: names, files and sizes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The name of the experiment.
    pub name: String,
    /// The name of the source's field, such as `en`.
    pub source_field: String,
    /// The name of the target's field, such as `de`.
    pub target_field: String,
    /// The training files, source and target, line by line.
    pub train: (PathBuf, PathBuf),
    /// The validation files, which decide on the best checkpoint.
    pub validation: Option<(PathBuf, PathBuf)>,
    /// The test files, on which the finished model is scored.
    pub test: Option<(PathBuf, PathBuf)>,
    /// The number of lines of the training files, on which the sizes of model and vocabulary depend.
    pub lines: usize,
    /// The size of the vocabulary; `None` chooses it by the number of lines.
    pub vocab: Option<usize>,
}

/// The sizes of vocabulary and model for so many samples, from experience with corpora of their size.
struct Sizes {
    vocab: usize,
    d_model: usize,
    d_ff: usize,
    heads: usize,
    layers: usize,
    dropout: f64,
    warmup: usize,
    steps: usize,
    every: usize,
}

impl Sizes {
    fn of(lines: usize) -> Self {
        let sizes = |vocab, d_model, layers, dropout, steps| Self {
            vocab,
            d_model,
            d_ff: d_model * 4,
            heads: d_model / 64 * 2,
            layers,
            dropout,
            warmup: steps / 10,
            steps,
            every: steps / 20,
        };
        match lines {
            0..2_000 => sizes(500, 64, 2, 0.3, 2_000),
            2_000..10_000 => sizes(2_000, 128, 2, 0.3, 4_000),
            10_000..100_000 => sizes(8_000, 128, 4, 0.3, 10_000),
            100_000..1_000_000 => sizes(16_000, 256, 4, 0.2, 40_000),
            _ => sizes(32_000, 512, 6, 0.1, 100_000),
        }
    }
}

/// An experiment for a pair of files, with a comment at every line.
///
/// A name that cannot be a folder is changed into one that can, and two fields of one name get different names.
pub fn template(answers: &Template) -> String {
    let mut answers = answers.clone();
    answers.name = folder_name(&answers.name, false);
    if answers.source_field == answers.target_field {
        answers.source_field.push_str("_source");
        answers.target_field.push_str("_target");
    }
    let (answers, sizes) = (&answers, Sizes::of(answers.lines));
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_tasks(&mut text, answers, &sizes).and_then(|()| write_rest(&mut text, answers, &sizes));
    text
}

fn write_tasks(text: &mut String, answers: &Template, sizes: &Sizes) -> std::fmt::Result {
    let (source, target) = (quoted(&answers.source_field), quoted(&answers.target_field));
    writeln!(text, "# Check it:  any2any check FILE")?;
    writeln!(text, "# Train it:  any2any train FILE")?;
    writeln!(text, "# All options with their meaning:  any2any schema")?;
    writeln!(text)?;
    writeln!(text, "name: {}  # the run goes to the folder runs/NAME", quoted(&answers.name))?;
    writeln!(text, "seed: 1  # the same seed gives the same model")?;
    writeln!(text)?;
    writeln!(text, "tasks:  # one entry a task; all tasks share one model")?;
    writeln!(text, "  translate:")?;
    writeln!(text, "    data:")?;
    writeln!(text, "      files:  # line N of one file belongs to line N of the other; .gz is read too")?;
    writeln!(text, "        # what the model learns from")?;
    write_split(text, "train", &answers.train, answers, "")?;
    writeln!(
        text,
        "        # what decides which checkpoint is best: some hundreds of lines that train does not have"
    )?;
    let example = (PathBuf::from("validation.source"), PathBuf::from("validation.target"));
    match &answers.validation {
        Some(files) => write_split(text, "validation", files, answers, "")?,
        None => write_split(text, "validation", &example, answers, "# ")?,
    }
    writeln!(text, "        # what the finished model is scored on, once, at the end")?;
    let example = (PathBuf::from("test.source"), PathBuf::from("test.target"));
    match &answers.test {
        Some(files) => write_split(text, "test", files, answers, "")?,
        None => write_split(text, "test", &example, answers, "# ")?,
    }
    writeln!(text, "    source:  # what is read")?;
    writeln!(text, "      text:")?;
    writeln!(text, "        field: {source}  # the name of its file above")?;
    writeln!(text, "        tokenizer:")?;
    writeln!(text, "          bpe:  # words are split into frequent pieces")?;
    writeln!(
        text,
        "            vocab: {}  # how many pieces; fewer for small data",
        answers.vocab.unwrap_or(sizes.vocab)
    )?;
    writeln!(text, "            shared: true  # one vocabulary for both sides; false: one for each")?;
    writeln!(text, "    target:  # what is written; the tokenizer is that of the source")?;
    writeln!(text, "      text: {{ field: {target} }}")?;
    writeln!(text)
}

fn write_split(
    text: &mut String,
    split: &str,
    (source, target): &(PathBuf, PathBuf),
    answers: &Template,
    comment: &str,
) -> std::fmt::Result {
    let path = |path: &Path| quoted(&escape(&path.to_string_lossy()));
    writeln!(text, "        {comment}{split}:")?;
    writeln!(text, "        {comment}  parallel:")?;
    writeln!(text, "        {comment}    {}: {}", quoted(&answers.source_field), path(source))?;
    writeln!(text, "        {comment}    {}: {}", quoted(&answers.target_field), path(target))
}

fn write_rest(text: &mut String, answers: &Template, sizes: &Sizes) -> std::fmt::Result {
    let Sizes { d_model, d_ff, heads, layers, dropout, warmup, steps, every, .. } = sizes;
    writeln!(text, "model:")?;
    writeln!(text, "  transformer:")?;
    writeln!(
        text,
        "    d_model: {d_model}  # the width of every position; twice as wide learns more from more data"
    )?;
    writeln!(text, "    d_ff: {d_ff}  # the inner width of the feed-forward layers")?;
    writeln!(text, "    heads: {heads}  # attention heads; they must divide d_model")?;
    writeln!(text, "    encoder_layers: {layers}  # layers that read")?;
    writeln!(text, "    decoder_layers: {layers}  # layers that write")?;
    writeln!(text, "    dropout: {dropout}  # more for small data, less for large")?;
    writeln!(text)?;
    writeln!(text, "training:")?;
    writeln!(text, "  steps: {steps}  # updates of the weights")?;
    writeln!(text, "  batch:")?;
    writeln!(text, "    tokens: 4096  # a batch has as many samples as fit; halve it when memory runs out")?;
    writeln!(text, "  schedule:")?;
    writeln!(text, "    inverse_sqrt:  # the learning rate grows, then falls with the root of the step")?;
    writeln!(text, "      peak: 1.0e-3  # the highest rate; lower it when the loss jumps")?;
    writeln!(text, "      warmup: {warmup}  # the steps of growth")?;
    writeln!(text)?;
    writeln!(text, "decoding:")?;
    writeln!(text, "  beam:  # take `beam` away for greedy search: faster, a little worse")?;
    writeln!(text, "    size: 5  # hypotheses kept at every step")?;
    writeln!(text, "    length_penalty: 1.0  # more prefers longer sentences")?;
    writeln!(text)?;
    writeln!(text, "evaluation:")?;
    writeln!(text, "  metrics: [bleu, chrf]")?;
    writeln!(text, "  every: {every}  # steps between two evaluations on the validation files")?;
    writeln!(text, "  keep_best: 3  # how many of the best checkpoints stay on disk")?;
    let comment = if answers.validation.is_some() { "" } else { "# " };
    writeln!(text, "  {comment}patience: 10  # evaluations without a better score after which training stops")
}
