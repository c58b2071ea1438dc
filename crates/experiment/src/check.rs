//! Semantic checks: rules that a schema cannot state, about several values together, or about the experiment and the
//! machine that it runs on.
//!
//! Each rule reads the values that it compares, and is silent if one of them has been reported already.

mod data;
mod decoding;
mod files;
mod filter;
mod model;
mod plug_ins;
mod start;
mod tasks;
mod training;

use std::collections::BTreeSet;

use any2any_adapter::Registry;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::diagnostic::{Diagnostic, Severity};
use crate::limits;
use crate::node::{Node, below};
use crate::spec::{Decoding, Device, Evaluation, Metric, Model, ModelSection, Start, Training};
use crate::validate::Broken;

/// The treatment of files that an experiment names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outside {
    /// Files must exist.
    Checked,
    /// Files need not exist: the experiment is that of a run.
    Ignored,
}

/// Runs all rules over a tree, and gives their problems.
pub(crate) fn run(
    root: &Node,
    json: &Json,
    broken: &Broken,
    registry: &Registry,
    (outside, taken_over): (Outside, &BTreeSet<String>),
) -> Vec<Diagnostic> {
    let mut checker = Checker { root, json, broken, registry, outside, taken_over, found: Vec::new() };
    tasks::check(&mut checker);
    data::check(&mut checker);
    files::check(&mut checker);
    model::check(&mut checker);
    start::check(&mut checker);
    training::check(&mut checker);
    decoding::check(&mut checker);
    plug_ins::check(&mut checker);
    checker.found
}

/// The state of the checks: the values that rules read, and the problems found so far.
struct Checker<'a> {
    root: &'a Node,
    /// The tree as JSON, without its broken nodes.
    json: &'a Json,
    broken: &'a Broken,
    registry: &'a Registry,
    outside: Outside,
    /// The sides that have options of the run that the model starts from, whose files are in that run.
    taken_over: &'a BTreeSet<String>,
    found: Vec<Diagnostic>,
}

impl<'a> Checker<'a> {
    fn error(&mut self, pointer: &str, message: impl Into<String>, help: impl Into<String>) {
        self.report(Diagnostic::error(self.root.place_of(pointer), message, Some(help.into())));
    }

    fn warning(&mut self, pointer: &str, message: impl Into<String>, help: impl Into<String>) {
        let problem = Diagnostic::error(self.root.place_of(pointer), message, Some(help.into()));
        self.report(problem.as_warning());
    }

    /// Adds a problem, unless there are more than anyone mends.
    fn report(&mut self, problem: Diagnostic) {
        let most = if problem.severity == Severity::Error { 2 } else { 1 } * limits::PROBLEMS;
        if self.found.len() < most {
            self.found.push(problem);
        }
    }

    /// True if the experiment itself has a value at a pointer.
    fn given(&self, pointer: &str) -> bool {
        self.root.find(pointer).is_some()
    }

    /// True if none of the values that a rule reads has been reported.
    fn sound(&self, pointers: &[&str]) -> bool {
        !pointers.iter().any(|pointer| self.broken.touches(pointer))
    }

    /// The pointer to blame for two values that contradict each other: the later one of those given.
    fn blame<'p>(&self, first: &'p str, second: &'p str) -> &'p str {
        if self.given(second) || !self.given(first) { second } else { first }
    }

    fn part<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let empty = Json::Object(serde_json::Map::new());
        serde_json::from_value(self.json.get(key).unwrap_or(&empty).clone()).ok()
    }

    fn model(&self) -> Option<Model> {
        self.part::<ModelSection>("model").map(|section| section.kind)
    }

    fn start(&self) -> Option<Start> {
        self.part("model")
    }

    fn training(&self) -> Option<Training> {
        self.part("training")
    }

    fn decoding(&self) -> Option<Decoding> {
        self.part("decoding")
    }

    fn evaluation(&self) -> Option<Evaluation> {
        self.part("evaluation")
    }

    fn device(&self) -> Option<Device> {
        self.part("device")
    }

    /// The metrics of tasks: those that they name themselves, or the usual ones of their targets' media.
    fn task_metrics(&self) -> Vec<Metric> {
        let metrics = |task: &str| -> Option<Vec<Metric>> {
            let named = self.json.pointer(&(below("/tasks", task) + "/metrics"));
            match named.filter(|named| named.is_array()) {
                Some(named) => serde_json::from_value(named.clone()).ok(),
                None => {
                    let target = self.side(task, "target")?;
                    Metric::usual(self.registry.get(target.medium()).ok()?.kind())
                }
            }
        };
        self.tasks().into_iter().filter_map(metrics).flatten().collect()
    }

    /// The names of the tasks.
    fn tasks(&self) -> Vec<&'a str> {
        let tasks = self.json.get("tasks").and_then(Json::as_object);
        tasks.into_iter().flatten().map(|(name, _)| name.as_str()).collect()
    }
}
