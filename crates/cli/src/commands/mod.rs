//! One command a file.

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
mod judge;
pub(crate) mod metrics;
pub(crate) mod new;
pub(crate) mod schema;
pub(crate) mod score;
pub(crate) mod serve;
pub(crate) mod sweep;
pub(crate) mod train;
pub(crate) mod translate;

use std::path::Path;

use any2any_adapter::{Registry, Value};
use any2any_train::{Precision, RunFolder, Translator};
use anyhow::Context;

use crate::arguments::ModelArguments;

/// The lines of a text file; the last may lack its line end.
fn read_lines(path: &Path) -> anyhow::Result<Vec<String>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{}", path.display()))?;
    Ok(text.lines().map(str::to_owned).collect())
}

/// Lines as values of a medium.
fn values(lines: &[String]) -> Vec<Value> {
    lines.iter().map(|line| Value::from(line.as_str())).collect()
}

/// A run's model and the number of the task that is meant.
fn load(arguments: &ModelArguments, registry: &Registry) -> anyhow::Result<(Translator, usize)> {
    load_in(arguments, registry, Precision::Float)
}

/// The same, to decode in a precision.
fn load_in(
    arguments: &ModelArguments,
    registry: &Registry,
    precision: Precision,
) -> anyhow::Result<(Translator, usize)> {
    let run = RunFolder::new(&arguments.run);
    let translator = Translator::load_in(&run, &arguments.checkpoint, registry, precision)?;
    let task = translator.adapters.task(arguments.task.as_deref())?;
    Ok((translator, task))
}
