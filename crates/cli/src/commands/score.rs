//! `any2any score`: a model's log-probability of given pairs.

use std::collections::BTreeMap;
use std::path::Path;

use any2any_adapter::{AnyMedium, File, Registry, Value};
use any2any_translate::PairScore;
use serde_json::json;

use crate::arguments::ScoreArguments;
use crate::way_out::of_source;
use crate::{inputs, output};

pub(crate) fn run(arguments: ScoreArguments, registry: &Registry) -> anyhow::Result<()> {
    let (translator, task) = super::load(&arguments.model, registry)?;
    let medium_of_source = task.source_medium().unwrap_or(task.target_medium());
    let sources = arguments.source.as_deref().map(|path| Side::read(path, medium_of_source)).transpose()?;
    let Side { values: targets, places, broken } = Side::read(&arguments.target, task.target_medium())?;
    let mut failed: BTreeMap<usize, String> = BTreeMap::new();
    for (line, error) in sources.iter().flat_map(|sources| &sources.broken).chain(&broken) {
        failed.entry(*line).or_insert_with(|| error.clone());
    }
    let sources = sources.map(|sources| sources.values);
    let scores = match &sources {
        // The numbers of all lines are compared before any is left out.
        Some(sources) if sources.len() != targets.len() => {
            translator.score_each(&task, Some(sources), &targets)?
        }
        _ => {
            let sound = |values: &Vec<Value>| -> Vec<Value> {
                let values = values.iter().enumerate().filter(|(line, _)| !failed.contains_key(line));
                values.map(|(_, value)| value.clone()).collect()
            };
            translator.score_each(&task, sources.as_ref().map(sound).as_deref(), &sound(&targets))?
        }
    };
    let mut pairs: Vec<Result<PairScore, String>> = Vec::with_capacity(targets.len());
    let mut scores = scores.into_iter();
    for (line, place) in places.iter().enumerate() {
        pairs.push(match failed.remove(&line) {
            Some(error) => Err(error),
            None => match scores.next() {
                Some(score) => score.map_err(|error| format!("{place}: {}", of_source(&error))),
                None => break,
            },
        });
    }
    report(&pairs, arguments.json)
}

/// One side of all pairs.
struct Side {
    values: Vec<Value>,
    /// The place of each value in messages: `FILE:LINE`, or the name of a file.
    places: Vec<String>,
    /// The errors of lines that cannot be read, which are empty texts among the values.
    broken: Vec<(usize, String)>,
}

impl Side {
    /// The lines of a text file, or files that the medium opens.
    fn read(path: &Path, medium: &dyn AnyMedium) -> anyhow::Result<Self> {
        if inputs::is_lines(path, medium) {
            let file = super::read_text(path)?;
            let places = (1..=file.lines.len()).map(|line| format!("{}:{line}", path.display())).collect();
            let broken = file.broken.iter().map(|(&line, error)| (line, error.to_string())).collect();
            return Ok(Self { values: super::values(&file.lines), places, broken });
        }
        let mut remarks = Vec::new();
        let files = inputs::files_of(path, medium, &mut remarks)?;
        remarks.iter().for_each(output::warn);
        Ok(Self {
            values: files.iter().map(|file| File::on_disk(file).into()).collect(),
            places: files.iter().map(|file| file.display().to_string()).collect(),
            broken: Vec::new(),
        })
    }
}

/// Prints a line for each pair, an empty one if it cannot be scored.
fn report(pairs: &[Result<PairScore, String>], as_json: bool) -> anyhow::Result<()> {
    let scores = || pairs.iter().flatten();
    let total: f64 = scores().map(|score| score.log_probability).sum();
    let tokens: usize = scores().map(|score| score.tokens).sum();
    let perplexity = (-total / tokens.max(1) as f64).exp();
    if as_json {
        let pairs: Vec<serde_json::Value> = pairs
            .iter()
            .map(|pair| match pair {
                Ok(score) => json!(score),
                Err(error) => json!({ "error": error }),
            })
            .collect();
        output::json(&json!({
            "pairs": pairs,
            "log_probability": total,
            "tokens": tokens,
            "perplexity": perplexity,
        }))?;
    }
    for pair in pairs {
        match pair {
            Ok(score) if !as_json => output::line(format!("{:.4}", score.log_probability))?,
            Ok(_) => {}
            Err(error) => {
                eprintln!("{error}");
                if !as_json {
                    output::line("")?;
                }
            }
        }
    }
    let scored = scores().count();
    if !as_json {
        eprintln!("{scored} pairs, {tokens} tokens, perplexity {perplexity:.3}");
    }
    match pairs.len() - scored {
        0 => Ok(()),
        failed => anyhow::bail!("{failed} of the pairs could not be scored"),
    }
}
