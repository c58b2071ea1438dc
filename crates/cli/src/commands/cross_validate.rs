//! `any2any cross-validate`: leave-one-out over the values of a field, with one training for each value.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use any2any_adapter::Registry;
use any2any_data::DataRoot;
use any2any_experiment::Document;
use any2any_run::{Existing, RunFolder, RunLock};
use any2any_train::{Resuming, Stopped, Trainer};
use serde_json::{Value as Json, json};

use crate::arguments::{CrossValidateArguments, Usage};
use crate::output;
use crate::progress::Display;

pub(crate) fn run(arguments: CrossValidateArguments, registry: &Registry) -> anyhow::Result<()> {
    let root = arguments.root.find()?;
    let config = &arguments.config;
    let document = super::experiment(&config.config, &config.overrides, registry)?;
    let experiment = &document.experiment;
    let values = if arguments.values.is_empty() {
        let mut values: Vec<String> = Vec::new();
        for task in experiment.tasks.values() {
            values.extend(any2any_data::open(&task.data, &root)?.values(&arguments.over)?);
        }
        values.sort();
        values.dedup();
        values
    } else {
        arguments.values.clone()
    };
    if arguments.values.is_empty() && values.len() < 2 {
        let message = format!(
            "`{}` has fewer than two values; cross-validation leaves each out in turn",
            arguments.over
        );
        return Err(Usage(message).into());
    }
    let folder = arguments.run.clone().unwrap_or_else(|| PathBuf::from("runs").join(&experiment.name));
    // Locked before any run is read: another cross-validation may be writing it.
    let _running = RunLock::alone(&folder)?;
    let mut table: BTreeMap<String, Vec<(String, f64)>> = BTreeMap::new();
    let mut runs = Vec::new();
    for value in &values {
        let place = folder.join(format!("{}-{}", arguments.over, file_name(value)));
        let leave_out = experiment.tasks.keys().map(|task| {
            // JSON is YAML, and its quotes keep the value a text.
            format!("tasks.{task}.data.split.leave_out.{}={}", arguments.over, json!([value]))
        });
        let overrides: Vec<String> = config.overrides.iter().cloned().chain(leave_out).collect();
        let document = any2any_experiment::load(&config.config, &overrides, registry)?;
        check_same(&document, &place)?;
        let scores = match RunFolder::new(&place).scores()? {
            Some(scores) => scores,
            None => {
                eprintln!("\n{} {value} is left out; the run goes to {}", arguments.over, place.display());
                match train(&document, &place, registry, &root)? {
                    Some(scores) => scores,
                    None => return Ok(()),
                }
            }
        };
        for task in scores.as_array().into_iter().flatten() {
            let decoded = task["decoded"].as_array().map_or(&[][..], Vec::as_slice);
            for score in decoded {
                if let (Some(name), Some(number)) = (score["name"].as_str(), score["value"].as_f64()) {
                    // A metric with two sets of options has one name and two signatures.
                    let alike = decoded.iter().filter(|other| other["name"] == score["name"]).count();
                    let signature = score["signature"].as_str().filter(|_| alike > 1);
                    let signature = signature.map(|signature| format!("|{signature}")).unwrap_or_default();
                    let task = task["task"].as_str().unwrap_or_default();
                    let scores = table.entry(format!("{task}: {name}{signature}")).or_default();
                    scores.push((value.clone(), number));
                }
            }
        }
        runs.push(json!({ "left_out": value, "run": place, "tasks": scores }));
    }
    if arguments.json {
        let summary: BTreeMap<&String, Json> =
            table.iter().map(|(name, scores)| (name, Spread::of(scores).to_json())).collect();
        return output::json(&json!({ "over": arguments.over, "runs": runs, "summary": summary }));
    }
    for (name, scores) in &table {
        output::line(format!("\n{name}, {} left out in turn:", arguments.over))?;
        for (value, number) in scores {
            output::line(format!("  {value:<20} {number:>7.2}"))?;
        }
        let Spread { mean, deviation, least, most } = Spread::of(scores);
        output::line(format!("  mean {mean:.2}, deviation {deviation:.2}, from {least:.2} to {most:.2}"))?;
    }
    Ok(())
}

/// Fails if a run that exists already is of another experiment, whose scores would mix with these.
fn check_same(document: &Document, place: &Path) -> anyhow::Result<()> {
    match RunFolder::new(place).resolved() {
        Ok(before) if before != document.resolved_yaml() => anyhow::bail!(
            "{} holds a run of another experiment, or of an earlier state of this one; choose another folder with --run, or move it away",
            place.display()
        ),
        _ => Ok(()),
    }
}

/// Trains and scores one run; `None` if it was interrupted.
fn train(
    document: &Document,
    place: &Path,
    registry: &Registry,
    root: &DataRoot,
) -> anyhow::Result<Option<Json>> {
    let folder = RunFolder::new(place);
    let trainer = match folder.checkpoints().steps() {
        Ok(steps) if !steps.is_empty() => {
            // The run is of the experiment that was given, so its paths can be trusted.
            let root = root.clone().trusting_runs(true);
            Trainer::resume(folder, registry, &root, Resuming::default())?
        }
        _ => Trainer::start(
            crate::preparation::prepare(document, registry, root)?,
            folder,
            Existing::SetAside,
        )?,
    };
    for words in trainer.passed_over() {
        eprintln!("warning: {words}");
    }
    let trained = trainer.train(&mut Display::new())?;
    if trained.stopped == Stopped::Interrupted {
        return Ok(None);
    }
    let scores = trained.score()?;
    trained.write_card(&scores)?;
    let scores = Json::Array(scores.iter().map(|scores| scores.to_json()).collect());
    any2any_run::atomic_file::write(
        &RunFolder::new(place).scores_file(),
        serde_json::to_string_pretty(&scores)?.as_bytes(),
    )?;
    Ok(Some(scores))
}

/// A value as a part of a file's name.
fn file_name(value: &str) -> String {
    value.chars().map(|c| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' }).collect()
}

/// The mean of some scores, and their spread.
struct Spread {
    mean: f64,
    /// The sample standard deviation.
    deviation: f64,
    least: f64,
    most: f64,
}

impl Spread {
    fn of(scores: &[(String, f64)]) -> Self {
        let values = || scores.iter().map(|(_, value)| *value);
        let count = scores.len().max(1) as f64;
        let mean = values().sum::<f64>() / count;
        let squares: f64 = values().map(|value| (value - mean).powi(2)).sum();
        Self {
            mean,
            deviation: (squares / (count - 1.0).max(1.0)).sqrt(),
            least: values().fold(f64::INFINITY, f64::min),
            most: values().fold(f64::NEG_INFINITY, f64::max),
        }
    }

    fn to_json(&self) -> Json {
        json!({ "mean": self.mean, "deviation": self.deviation, "least": self.least, "most": self.most })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_is_that_of_a_sample() {
        let scores: Vec<_> = [70.0, 80.0, 90.0].map(|value| (value.to_string(), value)).to_vec();
        let Spread { mean, deviation, least, most } = Spread::of(&scores);
        assert_eq!((mean, deviation, least, most), (80.0, 10.0, 70.0, 90.0));
        assert_eq!(file_name("a b/ö.wav"), "a_b_ö.wav");
    }
}
