//! The commands of the program, one a file, and the helpers that they share.

pub(crate) mod average;
pub(crate) mod bench;
pub(crate) mod check;
pub(crate) mod complete;
pub(crate) mod completions;
pub(crate) mod cross_validate;
pub(crate) mod data;
pub(crate) mod describe;
pub(crate) mod evaluate;
pub(crate) mod explore;
pub(crate) mod export;
pub(crate) mod import;
mod judge;
pub(crate) mod lecture;
pub(crate) mod metrics;
pub(crate) mod new;
pub(crate) mod new_medium;
pub(crate) mod plan;
pub(crate) mod schema;
pub(crate) mod score;
pub(crate) mod serve;
pub(crate) mod shortlist;
pub(crate) mod sweep;
pub(crate) mod train;
pub(crate) mod translate;

use std::path::Path;
use std::sync::Arc;

use any2any_adapter::{Registry, Value};
use any2any_data::TextFile;
use any2any_experiment::Document;
use any2any_run::{RunFolder, Task};
use any2any_translate::{Precision, Translator};

use crate::arguments::{ModelArguments, Usage};
use crate::{output, threads};

/// Reads the lines of a text file, each of which must be readable.
fn read_lines(path: &Path) -> anyhow::Result<Vec<String>> {
    Ok(TextFile::read(path)?.into_sound()?)
}

/// Reads a text file, and prints a warning about its oddities.
fn read_text(path: &Path) -> anyhow::Result<TextFile> {
    let file = TextFile::read(path)?;
    file.remark.iter().for_each(output::warn);
    Ok(file)
}

/// Fails unless two files have the same number of lines, of which line N of each belong together.
fn require_parallel([first, second]: [(&Path, &TextFile); 2]) -> Result<(), Usage> {
    let ((first, lines), (second, others)) =
        ((first.0, first.1.lines.len()), (second.0, second.1.lines.len()));
    if lines == others {
        return Ok(());
    }
    let (first, second) = (first.display(), second.display());
    Err(Usage(format!(
        "{first} has {lines} lines, {second} has {others}: line N of each must belong together"
    )))
}

/// Lines as values of a medium.
fn values(lines: &[String]) -> Vec<Value> {
    lines.iter().map(|line| Value::from(line.as_str())).collect()
}

/// The experiment that a command works on, whose threads are started and whose warnings are printed.
fn experiment(path: &Path, overrides: &[String], registry: &Registry) -> anyhow::Result<Document> {
    let document = any2any_experiment::load(path, overrides, registry)?;
    output::warnings(&document);
    threads::start(&document.experiment.device);
    Ok(document)
}

/// A run's model, whose experiment's threads are started.
pub(crate) fn translator(
    run: &Path,
    checkpoint: &str,
    registry: &Registry,
    precision: Precision,
) -> anyhow::Result<Translator> {
    let run = RunFolder::new(run);
    let experiment = run.experiment(registry)?.experiment;
    threads::start(&experiment.device);
    Ok(Translator::load_of(&run, experiment, checkpoint, registry, precision)?)
}

/// A run's model and the task that is meant.
fn load(arguments: &ModelArguments, registry: &Registry) -> anyhow::Result<(Translator, Arc<Task>)> {
    load_in(arguments, registry, Precision::Float32)
}

/// Loads a run's model in a precision, and finds the number of the task.
fn load_in(
    arguments: &ModelArguments,
    registry: &Registry,
    precision: Precision,
) -> anyhow::Result<(Translator, Arc<Task>)> {
    let translator = translator(&arguments.run, &arguments.checkpoint, registry, precision)?;
    let task = arguments.task_of(&translator)?;
    Ok((translator, task))
}
