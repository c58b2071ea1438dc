//! `any2any train`: trains an experiment, or resumes a run, and scores its best checkpoint.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use any2any_adapter::Registry;
use any2any_data::DataRoot;
use any2any_run::{Existing, RunFolder};
use any2any_train::{FinalScores, Observer, Ranks, Resuming, StartReport, Stopped, Trained, Trainer};
use serde_json::json;

use crate::Program;
use crate::arguments::TrainArguments;
use crate::preparation::Preparation;
use crate::progress::Display;
use crate::{output, ranks, threads};

pub(crate) fn run(arguments: TrainArguments, program: &Program) -> anyhow::Result<()> {
    ranks::together(|ranks| train(&arguments, program, ranks))
}

fn train(arguments: &TrainArguments, program: &Program, ranks: &Ranks) -> anyhow::Result<()> {
    let registry = &program.registry;
    let root = arguments.root.find()?.trusting_runs(arguments.trust_paths);
    let (trainer, taken_over) = match &arguments.resume {
        Some(run) => (resume(run, arguments, registry, &root, ranks)?, None),
        None => start(arguments, registry, &root, ranks)?,
    };
    let (stop, is_first) = (trainer.stop(), ranks.is_first());
    let accumulate = trainer.experiment().training.accumulate;
    // A second Ctrl-C ends the process at once: the last checkpoint is whole whatever happens.
    ctrlc::set_handler(move || {
        if stop.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        if is_first {
            eprintln!("finishing this step; press Ctrl-C again to stop at once");
        }
    })?;
    if !is_first {
        trainer.train(&mut ())?;
        return Ok(());
    }
    if !ranks.is_alone() {
        eprintln!("{} ranks share the {} batches of each update", ranks.size(), accumulate);
    }
    let mut observers: Vec<Box<dyn Observer>> = vec![Box::new(Display::new())];
    observers.extend(program.observers.iter().map(|new| new()));
    let trained = trainer.train(&mut observers)?;
    report(&trained, taken_over.as_ref(), arguments.json)
}

fn resume(
    run: &Path,
    arguments: &TrainArguments,
    registry: &Registry,
    root: &DataRoot,
    ranks: &Ranks,
) -> anyhow::Result<Trainer> {
    let TrainArguments { steps, files, accept_changes, from, .. } = arguments;
    let resuming =
        Resuming { steps: *steps, files: files.clone(), accept_changes: *accept_changes, from: from.clone() };
    let run = RunFolder::new(run);
    // A run that cannot be read is reported by what resumes it.
    let device = run.experiment(registry).map(|document| document.experiment.device).unwrap_or_default();
    threads::start_among(&device, ranks)?;
    let mut shown = Preparation::of(ranks);
    let trainer = Trainer::resume_among(ranks, run, registry, root, resuming, &mut |part| shown.show(part))?;
    drop(shown);
    if !ranks.is_first() {
        return Ok(trainer);
    }
    for words in trainer.passed_over() {
        eprintln!("warning: {words}");
    }
    for change in trainer.changes() {
        eprintln!("warning: changed since the last checkpoint: {change}");
    }
    Ok(trainer)
}

fn start(
    arguments: &TrainArguments,
    registry: &Registry,
    root: &DataRoot,
    ranks: &Ranks,
) -> anyhow::Result<(Trainer, Option<StartReport>)> {
    let config = arguments.config.clone().unwrap_or_default();
    let document = any2any_experiment::load(&config, &arguments.overrides, registry)?;
    if ranks.is_first() {
        output::warnings(&document);
    }
    ranks.share(document.experiment.training.accumulate)?;
    threads::start_among(&document.experiment.device, ranks)?;
    let folder = match &arguments.run {
        Some(folder) => folder.clone(),
        None => PathBuf::from("runs").join(&document.experiment.name),
    };
    let existing = if arguments.overwrite { Existing::SetAside } else { Existing::Keep };
    let run = RunFolder::new(folder);
    // The first rank downloads and makes what the others find.
    let prepared = ranks.first(|| {
        if ranks.is_first() {
            run.check_free(existing)?;
        }
        crate::preparation::prepare_among(ranks, &document, registry, root)
    })?;
    if !ranks.is_first() {
        return Ok((Trainer::start_among(ranks, prepared, run, existing)?, None));
    }
    output::data_warnings(&prepared.warnings);
    let taken_over = prepared.taken_over.clone();
    if let Some(taken_over) = &taken_over {
        eprintln!("{taken_over}");
    }
    eprintln!("the run goes to {}", run.path().display());
    Ok((Trainer::start_among(ranks, prepared, run, existing)?, taken_over))
}

/// Scores the best checkpoint, and prints where everything is.
fn report(trained: &Trained, taken_over: Option<&StartReport>, as_json: bool) -> anyhow::Result<()> {
    let run = trained.run.path().display();
    if trained.stopped == Stopped::Interrupted {
        eprintln!("go on with: any2any train --resume {run}");
        if as_json {
            output::json(
                &json!({ "run": trained.run.path(), "stopped": trained.stopped, "step": trained.state.step }),
            )?;
        }
        return Ok(());
    }
    let scores = trained.score()?;
    trained.write_card(&scores)?;
    if as_json {
        let tasks: Vec<_> = scores.iter().map(FinalScores::to_json).collect();
        let mut report = json!({
            "run": trained.run.path(),
            "stopped": trained.stopped,
            "step": trained.state.step,
            "seconds": trained.state.seconds,
            "target_tokens": trained.state.tokens,
            "tasks": tasks,
        });
        if let Some(taken_over) = taken_over {
            report["start"] = json!(taken_over);
        }
        return output::json(&report);
    }
    for task in &scores {
        output::line(format!("\n{}: {} split, best checkpoint", task.task, task.split))?;
        if !task.scores.is_empty() {
            output::line("decoded:")?;
            output::line(output::scores(&task.scores).trim_end())?;
        }
        output::line(format!("teacher-forced (no search): {}", task.forced))?;
        for [source, written, reference] in &task.samples {
            output::line(format!(
                "\n  source     {source}\n  output     {written}\n  reference  {reference}"
            ))?;
        }
    }
    output::line(format!(
        "\n{} steps in {}; everything is in {run}",
        trained.state.step,
        output::duration(trained.state.seconds)
    ))
}
