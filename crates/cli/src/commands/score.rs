//! `any2any score`: a model's log-probability of given pairs.

use std::collections::BTreeMap;

use any2any_adapter::{Registry, Value};
use any2any_translate::PairScore;
use serde_json::json;

use crate::arguments::ScoreArguments;
use crate::output;

pub(crate) fn run(arguments: ScoreArguments, registry: &Registry) -> anyhow::Result<()> {
    let (translator, task) = super::load(&arguments.model, registry)?;
    let sources = arguments.source.as_deref().map(super::read_text).transpose()?;
    let targets = super::read_text(&arguments.target)?;
    let mut failed: BTreeMap<usize, String> = BTreeMap::new();
    for (&line, error) in sources.iter().flat_map(|sources| &sources.broken).chain(&targets.broken) {
        failed.entry(line).or_insert_with(|| error.to_string());
    }
    let (sources, targets) =
        (sources.map(|sources| super::values(&sources.lines)), super::values(&targets.lines));
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
    for line in 0..targets.len() {
        let target = arguments.target.display();
        pairs.push(match failed.remove(&line) {
            Some(error) => Err(error),
            None => match scores.next() {
                Some(score) => score.map_err(|error| format!("{target}:{}: {error}", line + 1)),
                None => break,
            },
        });
    }
    report(&pairs, arguments.json)
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
