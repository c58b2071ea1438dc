//! `any2any check`: everything that is wrong with an experiment, and warnings about its data.

use std::path::Path;

use any2any_adapter::Registry;
use any2any_experiment::Diagnostics;
use any2any_run::RunError;
use any2any_train::{Ranks, StartReport, TaskReport, TrainError};
use serde_json::json;

use crate::arguments::CheckArguments;
use crate::output;
use crate::preparation::Preparation;

pub(crate) fn run(arguments: CheckArguments, registry: &Registry) -> anyhow::Result<()> {
    let config = &arguments.config;
    match check(&arguments, registry)? {
        Ok((tasks, start)) if arguments.json => {
            let mut report = json!({ "valid": true, "diagnostics": [], "tasks": tasks });
            if let Some(start) = start {
                report["start"] = json!(start);
            }
            output::json(&report)
        }
        Ok((tasks, start)) => {
            print(&config.config, &tasks)?;
            start.map_or(Ok(()), |start| output::line(start.to_string()))
        }
        Err(diagnostics) => {
            if arguments.json {
                output::json(&json!({ "valid": false, "diagnostics": diagnostics }))?;
            }
            Err(diagnostics.into())
        }
    }
}

/// Prints what filters have left out, and the warnings about the data, task by task: samples left out, files passed over, oddities.
fn print(config: &Path, tasks: &[TaskReport]) -> anyhow::Result<()> {
    let count: usize = tasks.iter().map(|task| task.warnings.len()).sum();
    match count {
        0 => output::line(format!("{}: no problem found", config.display()))?,
        1 => output::line(format!("{}: can be trained, with one warning", config.display()))?,
        _ => output::line(format!("{}: can be trained, with {count} warnings", config.display()))?,
    }
    for task in tasks {
        if let Some(filtered) = task.filtered() {
            output::line(format!("task {}: {filtered}", task.task))?;
        }
        for warning in &task.warnings {
            output::line(format!("task {}: {}", task.task, output::one_line(warning)))?;
        }
    }
    Ok(())
}

/// Reports of an experiment without a problem: of each task, and of what the model takes over from another run.
type Sound = (Vec<TaskReport>, Option<StartReport>);

/// Checks the experiment, and its data if it has no problem itself; without any problem, gives a report of each task, and
/// of what the model takes over from the run that it starts from.
fn check(arguments: &CheckArguments, registry: &Registry) -> anyhow::Result<Result<Sound, Diagnostics>> {
    let config = &arguments.config;
    let document = match any2any_experiment::load(&config.config, &config.overrides, registry) {
        Ok(document) => document,
        Err(diagnostics) => return Ok(Err(diagnostics)),
    };
    output::warnings(&document);
    if arguments.no_data {
        return Ok(Ok((Vec::new(), None)));
    }
    let root = arguments.root.find()?;
    let mut shown = Preparation::of(&Ranks::alone());
    match any2any_train::check_watched(&document, registry, &root, &mut |part| shown.show(part)) {
        Ok((tasks, warnings, start)) => {
            output::data_warnings(&warnings);
            Ok(Ok((tasks, start)))
        }
        Err(TrainError::Run(RunError::Experiment(diagnostics))) => Ok(Err(diagnostics)),
        Err(error) => Err(error.into()),
    }
}
