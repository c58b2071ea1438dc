//! Completion of an experiment: options inherited from the source, and the defaults of media.

use std::sync::Arc;

use any2any_adapter::{AnySide, Kept, Kind, Point, Registry};
use serde_json::Value as Json;

use crate::node::{Entry, Node, Value};
use crate::paths::{self, Extent};
use crate::spec::{Experiment, Metric, Model, Plugged, Schedule, Side, TiedEmbeddings};
use crate::variables::escape;

/// Copies to a target the options that it leaves out and a source of the same medium has.
pub(crate) fn inherit(root: &mut Node, registry: &Registry) {
    for task in root.get_mut("tasks").map(Node::entries_mut).unwrap_or_default() {
        let only = |side: &Node| match side.entries() {
            [entry] => Some(entry.clone()),
            _ => None,
        };
        let Some(source) = task.node.get("source").and_then(only) else {
            continue;
        };
        let Ok(medium) = registry.get(&source.key) else {
            continue;
        };
        let Some(target) = task.node.get_mut("target").and_then(|side| side.get_mut(&source.key)) else {
            continue;
        };
        for option in medium.inherited() {
            let given = source.node.entry(option).filter(|_| target.entry(option).is_none());
            if let (Some(entry), Value::Mapping(entries)) = (given, &mut target.value) {
                entries.push(Entry::clone(entry));
            }
        }
    }
}

/// Writes out the defaults of every medium's options, and the metrics of every target's medium.
pub(crate) fn options(experiment: &mut Experiment, registry: &Registry) {
    let chosen = experiment.evaluation.metrics.iter().any(|metric| matches!(metric, Metric::Plugged(_)));
    for task in experiment.tasks.values_mut() {
        for side in task.source.iter_mut().chain([&mut task.target]) {
            if let Some(parsed) = parsed(side, registry) {
                *side = Side::new(side.medium(), parsed.options());
            }
        }
        if let (None, Ok(medium)) = (&task.metrics, registry.get(task.target.medium())) {
            // Whoever has a medium of a kind of its own and a metric for it says so once.
            let leaves_to_chosen = chosen && medium.kind() == Kind::Custom;
            task.metrics = if leaves_to_chosen { None } else { Metric::usual(medium.kind()) };
        }
    }
}

/// A side with parsed options; `None` if its medium is unknown, or its options do not parse.
fn parsed(side: &Side, registry: &Registry) -> Option<Arc<dyn AnySide>> {
    registry.get(side.medium()).ok()?.side(side.options(), &Kept::default()).ok()
}

/// Builds the plug-ins that an experiment chooses, and writes out the defaults of their options.
pub(crate) fn plug_ins(experiment: &mut Experiment, registry: &Registry) {
    for (point, plugged) in plugged(experiment) {
        plugged.build(point, registry);
    }
}

/// The plug-ins that an experiment chooses.
pub(crate) fn plugged(experiment: &mut Experiment) -> Vec<(Point, &mut Plugged)> {
    let evaluation = &mut experiment.evaluation;
    let mut metrics: Vec<&mut Metric> =
        evaluation.metrics.iter_mut().chain(&mut evaluation.best_by).collect();
    let mut chosen = Vec::new();
    for task in experiment.tasks.values_mut() {
        metrics.extend(task.metrics.iter_mut().flatten());
        chosen.extend(task.losses.plugged.iter_mut().map(|loss| (Point::Loss, loss)));
    }
    chosen.extend(metrics.into_iter().filter_map(|metric| match metric {
        Metric::Plugged(plugged) => Some((Point::Metric, plugged)),
        _ => None,
    }));
    if let Schedule::Plugged(plugged) = &mut experiment.training.schedule {
        chosen.push((Point::Schedule, plugged));
    }
    if let Model::Transformer(model) = &mut experiment.model.kind {
        chosen.extend(model.encoder_blocks.iter_mut().map(|block| (Point::Block, block)));
    }
    chosen
}

/// Replaces `all` by `target` if no source shares a vocabulary with a target, which means the same.
pub(crate) fn tied_embeddings(experiment: &mut Experiment, registry: &Registry) {
    let mut sides = experiment.tasks.values().map(|task| (task.source.as_ref(), &task.target));
    if experiment.model.has_joint_vocabulary() || shares_vocabulary(&mut sides, registry) {
        return;
    }
    let tied = match &mut experiment.model.kind {
        Model::Transformer(model) => &mut model.tied_embeddings,
        Model::DecoderOnly(model) => &mut model.tied_embeddings,
        Model::Lstm(model) => &mut model.tied_embeddings,
        Model::Architecture(parts) => &mut parts.tied_embeddings,
    };
    if *tied == TiedEmbeddings::All {
        *tied = TiedEmbeddings::Target;
    }
}

/// True if a source of some task shares the vocabulary of a target of some task.
pub(crate) fn shares_vocabulary<'a>(
    tasks: impl Iterator<Item = (Option<&'a Side>, &'a Side)>,
    registry: &Registry,
) -> bool {
    let key = |side: &Side| {
        let sharing = parsed(side, registry)?.sharing()?;
        Some((side.medium().to_owned(), sharing))
    };
    let (mut sources, mut targets) = (Vec::new(), Vec::new());
    for (source, target) in tasks {
        sources.extend(source.and_then(key));
        targets.extend(key(target));
    }
    sources.iter().any(|source| targets.contains(source))
}

/// An experiment as YAML, with each path mapped by `path`; `packages` are the lines that say where its media and
/// plug-ins come from.
pub(crate) fn yaml(
    experiment: &Experiment,
    schema: &Json,
    packages: &[String],
    path: &mut dyn FnMut(&str) -> String,
) -> String {
    // An experiment is plain data with texts as keys: nothing in it cannot be written.
    let mut json = serde_json::to_value(experiment).unwrap_or_default();
    paths::each(&mut json, schema, Extent::All, &mut |given| *given = escape(&path(given)));
    let packages: String = packages.iter().map(|package| format!("# {package}\n")).collect();
    format!("# The whole experiment, every default written out.\n{packages}{}", crate::write::yaml(&json))
}
