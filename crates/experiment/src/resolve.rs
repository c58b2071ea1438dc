//! What an experiment leaves out, filled in: paths, inherited options, the defaults of media.

use std::path::Path;

use any2any_adapter::Registry;
use serde_json::Value as Json;

use crate::node::{Entry, Node, Value};
use crate::shape::{Kind, Schema};
use crate::spec::{Experiment, Metric, Model, Side, TiedEmbeddings};
use crate::variables::escape;

/// Joins every path to the folder of the file that names it.
pub(crate) fn join_paths(root: &mut Node, schema: &Json) {
    for_each_path(root, schema, &mut join);
}

/// Does something to every path: a text whose schema says `format: path`, and a manifest.
pub(crate) fn for_each_path(root: &mut Node, schema: &Json, act: &mut dyn FnMut(&mut Node)) {
    let tasks = root.get_mut("tasks").map(Node::entries_mut).unwrap_or_default();
    for data in tasks.iter_mut().filter_map(|task| task.node.get_mut("data")) {
        for_manifest(data.get_mut("dataset"), act);
        for_manifest(data.get_mut("pair").and_then(|pair| pair.get_mut("dataset")), act);
    }
    for_each_below(root, Schema { root: schema }, schema, act);
}

fn for_each_below<'s>(node: &mut Node, rules: Schema<'s>, schema: &'s Json, act: &mut dyn FnMut(&mut Node)) {
    match &mut node.value {
        Value::Text(_) if is_path(rules, schema) => act(node),
        Value::Mapping(entries) => {
            for entry in entries {
                if let Some(schema) = rules.child(schema, &entry.key) {
                    for_each_below(&mut entry.node, rules, schema, act);
                }
            }
        }
        Value::Sequence(items) => {
            if let Some(schema) = rules.item(schema) {
                items.iter_mut().for_each(|item| for_each_below(item, rules, schema, act));
            }
        }
        _ => {}
    }
}

fn is_path(rules: Schema<'_>, schema: &Json) -> bool {
    matches!(rules.shape(schema).kind, Kind::Text(schema) if schema.get("format").is_some_and(|format| format == "path"))
}

/// Whether a dataset is named by the path of its manifest.
fn is_manifest(name: &str) -> bool {
    matches!(Path::new(name).extension().and_then(|extension| extension.to_str()), Some("yaml" | "yml"))
}

fn for_manifest(dataset: Option<&mut Node>, act: &mut dyn FnMut(&mut Node)) {
    if let Some(dataset) = dataset
        && matches!(&dataset.value, Value::Text(name) if is_manifest(name))
    {
        act(dataset);
    }
}

fn join(node: &mut Node) {
    if let Value::Text(path) = &mut node.value
        && !path.is_empty()
        && !path.starts_with('~')
    {
        *path = node.place.source.folder.join(&path).to_string_lossy().into_owned();
    }
}

/// Gives a target the options that it leaves out and a source of the same medium has.
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

/// Writes out the defaults of every medium's options, and the metrics of what it writes.
pub(crate) fn options(experiment: &mut Experiment, registry: &Registry) {
    for task in experiment.tasks.values_mut() {
        for side in task.source.iter_mut().chain([&mut task.target]) {
            if let Ok(medium) = registry.get(side.medium()) {
                *side = Side::new(side.medium(), medium.resolve(side.options()));
            }
        }
        if let (None, Ok(medium)) = (&task.metrics, registry.get(task.target.medium())) {
            task.metrics = Metric::usual(medium.kind());
        }
    }
}

/// Says `target` where `all` can mean no more than that: when no source has the vocabulary of a target.
pub(crate) fn tied_embeddings(experiment: &mut Experiment, registry: &Registry) {
    if shares_vocabulary(experiment.tasks.values().map(|task| (task.source.as_ref(), &task.target)), registry)
    {
        return;
    }
    let tied = match &mut experiment.model {
        Model::Transformer(model) => &mut model.tied_embeddings,
        Model::DecoderOnly(model) => &mut model.tied_embeddings,
        Model::Lstm(model) => &mut model.tied_embeddings,
    };
    if *tied == TiedEmbeddings::All {
        *tied = TiedEmbeddings::Target;
    }
}

/// Whether a source of some task is fitted together with a target of some task.
pub(crate) fn shares_vocabulary<'a>(
    tasks: impl Iterator<Item = (Option<&'a Side>, &'a Side)>,
    registry: &Registry,
) -> bool {
    let key = |side: &Side| {
        let sharing = registry.get(side.medium()).ok()?.sharing(side.options())?;
        Some((side.medium().to_owned(), sharing))
    };
    let (mut sources, mut targets) = (Vec::new(), Vec::new());
    for (source, target) in tasks {
        sources.extend(source.and_then(key));
        targets.extend(key(target));
    }
    sources.iter().any(|source| targets.contains(source))
}

/// The experiment as YAML that loads to the same from any folder.
pub(crate) fn yaml(experiment: &Experiment, schema: &Json) -> String {
    let mut experiment = experiment.clone();
    for task in experiment.tasks.values_mut() {
        let paired = task.data.pair.as_mut().map(|pair| &mut pair.dataset);
        for name in task.data.dataset.iter_mut().chain(paired).filter(|name| is_manifest(name)) {
            *name = absolute(name);
        }
    }
    // An experiment is plain data with texts as keys: nothing in it cannot be written.
    let mut json = serde_json::to_value(&experiment).unwrap_or_default();
    absolute_below(&mut json, Schema { root: schema }, schema);
    format!("# The whole experiment, every default written out.\n{}", crate::write::yaml(&json))
}

fn absolute_below<'s>(json: &mut Json, rules: Schema<'s>, schema: &'s Json) {
    match json {
        Json::String(path) if is_path(rules, schema) => *path = absolute(path),
        Json::Object(map) => {
            for (key, value) in map {
                if let Some(schema) = rules.child(schema, key) {
                    absolute_below(value, rules, schema);
                }
            }
        }
        Json::Array(items) => {
            if let Some(schema) = rules.item(schema) {
                items.iter_mut().for_each(|item| absolute_below(item, rules, schema));
            }
        }
        _ => {}
    }
}

/// The absolute path, as an experiment writes it.
fn absolute(path: &str) -> String {
    let absolute = std::path::absolute(path);
    escape(&absolute.map_or_else(|_| path.to_owned(), |path| path.to_string_lossy().into_owned()))
}
