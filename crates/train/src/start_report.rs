//! Report of what a model takes over from the run that it starts from, before the first step.

use std::fmt;
use std::path::PathBuf;

use any2any_adapter::grouped;
use any2any_architecture::{Architecture, names};
use any2any_experiment::{Diagnostic, Diagnostics, Document};
use any2any_run::{AdapterSet, RunError, Source, Start, TakenOver, architecture};
use serde::Serialize;

use crate::learning::{Learning, Learns};

/// Report of what a model takes over from another run, and of what learns.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StartReport {
    /// The folder of the run.
    pub from: PathBuf,
    /// Each parameter of the model.
    pub parameters: Vec<StartedParameter>,
}

/// Parameter of a model that starts from another run.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StartedParameter {
    /// What is taken over for it.
    #[serde(flatten)]
    pub taken: TakenOver,
    /// The way in which it learns.
    pub learns: Learns,
}

impl StartReport {
    pub(crate) fn new(from: PathBuf, plan: &[TakenOver], learning: &Learning) -> Self {
        let parameter =
            |taken: &TakenOver| StartedParameter { learns: learning.of(&taken.name), taken: taken.clone() };
        Self { from, parameters: plan.iter().map(parameter).collect() }
    }

    /// The number of values that come from the run.
    pub fn carried(&self) -> u64 {
        let carried = |of: &StartedParameter| match &of.taken.source {
            Source::Loaded { .. } => of.taken.size(),
            Source::Partly { carried, .. } => {
                *carried as u64 * of.taken.shape[1..].iter().product::<usize>() as u64
            }
            Source::Zero | Source::Fresh => 0,
        };
        self.parameters.iter().map(carried).sum()
    }
}

/// Checks what a model takes over, and that its parts which are named are there. `None` for a model that starts from
/// nothing.
///
/// # Errors
///
/// Parts that the model does not have, a start that it can take nothing from, and a model of which nothing learns.
pub(crate) fn check(
    document: &Document,
    adapters: &AdapterSet,
    start: Option<&Start>,
) -> Result<Option<StartReport>, RunError> {
    let experiment = &document.experiment;
    let (options, rates) = (&experiment.model.start, &experiment.training.rates);
    if start.is_none() && options.freeze.is_empty() && rates.is_empty() {
        return Ok(None);
    }
    let architecture = architecture(experiment, adapters);
    let frozen = options.freeze.iter().enumerate();
    let frozen = frozen.map(|(number, part)| (format!("/model/freeze/{number}"), part));
    let named = frozen.chain(rates.keys().map(|part| (format!("/training/rates/{part}"), part)));
    let mut problems: Vec<Diagnostic> = named
        .filter(|(_, part)| !architecture.has_part(part))
        .map(|(place, part)| {
            let help = format!("its parts are: {}", all_parts(&architecture).join(", "));
            document.diagnose(&place, format!("the model has no part `{part}`"), Some(help))
        })
        .collect();
    let plan = start.map(|start| start.plan(&architecture, adapters)).unwrap_or_default();
    let fresh = plan.iter().filter(|taken| !taken.is_loaded()).map(|taken| taken.name.clone()).collect();
    let learning = Learning::new(experiment, fresh);
    if architecture.parameters().iter().all(|parameter| learning.of(&parameter.name) == Learns::Frozen) {
        let help = "freeze less of it".to_owned();
        problems.push(document.diagnose("/model/freeze", "no part of the model learns", Some(help)));
    }
    let report = start.map(|start| StartReport::new(start.named().to_owned(), &plan, &learning));
    if report.as_ref().is_some_and(|report| report.carried() == 0) {
        let help = "leave the kind of model out, which is then that of the run".to_owned();
        let message = "nothing of this run fits the model: all shapes differ";
        problems.push(document.diagnose("/model/from", message, Some(help)));
    }
    if problems.is_empty() { Ok(report) } else { Err(RunError::Experiment(Diagnostics::from_iter(problems))) }
}

/// The names of a model's parts, each stem and head among them.
fn all_parts(architecture: &Architecture) -> Vec<String> {
    let named = architecture.parameters().into_iter().map(|parameter| part(&parameter.name));
    let mut parts: Vec<String> = architecture.part_names().into_iter().chain(named).collect();
    parts.sort();
    parts.dedup();
    parts
}

/// The part of a model that a line of the report is about.
fn part(name: &str) -> String {
    let parts: Vec<&str> = name.split('.').collect();
    let is_named = [names::STEMS, names::HEADS, names::ALIGNMENTS].contains(&parts[0]);
    // The name of a stem or head has a task and a side.
    let depth = if is_named { 3 } else { 1 };
    parts[..depth.min(parts.len())].join(".")
}

/// What became of a parameter, in words.
fn state(of: &StartedParameter) -> String {
    let source = match &of.taken.source {
        Source::Loaded { .. } => "loaded".to_owned(),
        Source::Partly { carried, .. } => format!("{carried} of {} rows loaded", of.taken.shape[0]),
        Source::Zero => "0 at first".to_owned(),
        Source::Fresh => "fresh".to_owned(),
    };
    match of.learns {
        Learns::Whole => source,
        Learns::LowRank => format!("{source}, adapted by low-rank matrices"),
        Learns::Frozen => format!("{source}, frozen"),
    }
}

impl fmt::Display for StartReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines: Vec<(String, String, u64)> = Vec::new();
        for parameter in &self.parameters {
            let (part, state) = (part(&parameter.taken.name), state(parameter));
            match lines.iter_mut().find(|(known, as_known, _)| *known == part && *as_known == state) {
                Some((_, _, size)) => *size += parameter.taken.size(),
                None => lines.push((part, state, parameter.taken.size())),
            }
        }
        let total: u64 = self.parameters.iter().map(|parameter| parameter.taken.size()).sum();
        write!(
            f,
            "starts from {}: {} of {} values",
            self.from.display(),
            grouped(self.carried()),
            grouped(total)
        )?;
        let width = lines.iter().map(|(part, _, _)| part.len()).max().unwrap_or(0);
        for (part, state, size) in lines {
            write!(f, "\n  {part:<width$}  {:>12}  {state}", grouped(size))?;
        }
        Ok(())
    }
}
