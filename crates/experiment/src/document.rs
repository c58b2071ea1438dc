//! Loading: from a file, what it extends and the overrides to an experiment in which every value holds.

use std::path::Path;
use std::sync::Arc;

use any2any_adapter::Registry;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::check;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::extends::{Loader, folder_of, unreadable};
use crate::node::Node;
use crate::resolve;
use crate::schema::{experiment_schema, schema_of};
use crate::source::Source;
use crate::spec::Experiment;
use crate::structure::{self, Structure};
use crate::variables;

/// An experiment that has passed every check, and the file that it came from.
#[derive(Clone, Debug)]
pub struct Document {
    /// The experiment, every default filled in.
    pub experiment: Experiment,
    /// What is allowed, but probably not meant.
    pub warnings: Diagnostics,
    source: Arc<Source>,
    root: Node,
    schema: Json,
}

/// Loads the experiment of a file.
///
/// Each override is `KEY=VALUE` with dots between keys, such as `training.steps=100`, and is laid over the
/// file in the order given.
///
/// # Errors
///
/// Everything that is wrong with the file, with those that it extends, and with the overrides, at once.
pub fn load(path: &Path, overrides: &[String], registry: &Registry) -> Result<Document, Diagnostics> {
    let text = read(path)?;
    load_from(&path.to_string_lossy(), Some(path), &text, &folder_of(path), overrides, registry)
}

/// Loads an experiment from its text.
///
/// `name` is what diagnostics call it, and relative paths in it start at `folder`.
///
/// # Errors
///
/// As [`load`].
pub fn load_str(
    name: &str,
    text: &str,
    folder: &Path,
    overrides: &[String],
    registry: &Registry,
) -> Result<Document, Diagnostics> {
    load_from(name, None, text, folder, overrides, registry)
}

/// Reads a YAML file of any other type, such as the manifest of a dataset, with the same diagnostics.
///
/// # Errors
///
/// When the file cannot be read or does not fit the type: everything that is wrong, at once.
pub fn read_yaml<T: JsonSchema + DeserializeOwned>(path: &Path) -> Result<T, Diagnostics> {
    let text = read(path)?;
    let schema = schema_of::<T>();
    let mut loader = Loader::new(&schema);
    let source = loader.source(&path.to_string_lossy(), &folder_of(path), &text);
    let node = loader.single(&source);
    let (Some(node), true) = (node, loader.problems.is_empty()) else {
        return Err(loader.problems.into_iter().collect());
    };
    let Structure { json, problems, .. } = structure::check(&node, &schema);
    if !problems.is_empty() {
        return Err(problems.into_iter().collect());
    }
    serde_json::from_value(json).map_err(|error| unexpected(&node, &error).into())
}

fn read(path: &Path) -> Result<String, Diagnostics> {
    std::fs::read_to_string(path).map_err(|error| {
        let (message, help) = unreadable(path, path, &error);
        Diagnostic::of_file(path.to_string_lossy(), message, help).into()
    })
}

fn load_from(
    name: &str,
    path: Option<&Path>,
    text: &str,
    folder: &Path,
    overrides: &[String],
    registry: &Registry,
) -> Result<Document, Diagnostics> {
    let schema = experiment_schema(registry);
    let mut loader = Loader::new(&schema);
    let source = loader.source(name, folder, text);
    let tree = loader.tree(&source, path, overrides);
    let mut problems = loader.problems;
    // A tree with a hole would be blamed for what stands in the hole.
    let Some(mut root) = tree.filter(|_| problems.is_empty()) else {
        return Err(problems.into_iter().collect());
    };
    let unset = variables::expand_paths(&mut root, &schema);
    if !unset.is_empty() {
        return Err(unset.into_iter().collect());
    }
    resolve::join_paths(&mut root, &schema);
    resolve::inherit(&mut root, registry);
    let Structure { json, broken, problems: structural } = structure::check(&root, &schema);
    problems.extend(structural);
    problems.extend(check::run(&root, &json, &broken, registry));
    let diagnostics: Diagnostics = problems.into_iter().collect();
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    let experiment = experiment(json, registry).map_err(|error| unexpected(&root, &error))?;
    Ok(Document { experiment, warnings: diagnostics, source, root, schema })
}

fn experiment(json: Json, registry: &Registry) -> Result<Experiment, serde_json::Error> {
    let mut experiment: Experiment = serde_json::from_value(json)?;
    resolve::options(&mut experiment, registry);
    resolve::tied_embeddings(&mut experiment, registry);
    Ok(experiment)
}

/// The schema let something through that the type does not take.
fn unexpected(root: &Node, error: &serde_json::Error) -> Diagnostic {
    Diagnostic::error(&root.place, format!("this cannot be read: {error}"), None)
}

impl Document {
    /// The text of the file as it was given.
    pub fn given(&self) -> &str {
        &self.source.text
    }

    /// A problem that a later stage finds, at a place named by a JSON pointer such as
    /// `/tasks/translate/data/dataset`.
    ///
    /// When the file has no such node (a default, for instance), the nearest one above it is shown.
    pub fn diagnose(&self, pointer: &str, message: impl Into<String>, help: Option<String>) -> Diagnostic {
        Diagnostic::error(self.root.place_of(pointer), message, help)
    }

    /// The experiment with every default written out, as YAML.
    ///
    /// It loads to the same experiment from any folder: its paths are absolute.
    pub fn resolved_yaml(&self) -> String {
        resolve::yaml(&self.experiment, &self.schema)
    }
}
