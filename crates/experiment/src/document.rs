//! Loading: from a file, what it extends and the overrides to an experiment in which every value holds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use any2any_adapter::Registry;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::check::{self, Outside};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::extends::{self, Extending, Loader, folder_of, unreadable};
use crate::limits;
use crate::node::Node;
use crate::paths::{self, Extent};
use crate::resolve;
use crate::schema::{experiment_schema, schema_of};
use crate::source::Source;
use crate::spec::{Experiment, Metric};
use crate::validate::{self, Structure};
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
    let text = read_text(path)?;
    let given =
        Given { name: &path.to_string_lossy(), path: Some(path), text: &text, folder: &folder_of(path) };
    load_from(given, overrides, registry, Outside::Checked)
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
    load_from(Given { name, path: None, text, folder }, overrides, registry, Outside::Checked)
}

/// Loads the experiment of a run from its text.
///
/// A run is whole: no file that its experiment names is looked at, since all that a model needs of them stands in
/// the run. `name` and `folder` are as in [`load_str`].
///
/// # Errors
///
/// When the text is no experiment: everything that is wrong, at once.
pub fn load_run(name: &str, text: &str, folder: &Path, registry: &Registry) -> Result<Document, Diagnostics> {
    load_from(Given { name, path: None, text, folder }, &[], registry, Outside::Ignored)
}

/// Reads a YAML file of any other type, such as the manifest of a dataset, with the same diagnostics.
///
/// # Errors
///
/// When the file cannot be read or does not fit the type: everything that is wrong, at once.
pub fn read_yaml<T: JsonSchema + DeserializeOwned>(path: &Path) -> Result<T, Diagnostics> {
    let text = read_text(path)?;
    let schema = schema_of::<T>();
    let mut loader = Loader::new(&schema, Extending::Allowed);
    let source = loader.source(&path.to_string_lossy(), &folder_of(path), &text);
    let node = loader.single(&source);
    let (Some(node), true) = (node, loader.problems.is_empty()) else {
        return Err(loader.problems.into_iter().collect());
    };
    let Structure { json, problems, .. } = validate::check(&node, &schema);
    if !problems.is_empty() {
        return Err(problems.into_iter().collect());
    }
    serde_json::from_value(json).map_err(|error| unexpected(&node, &error).into())
}

/// Metrics as a command line has them, in the words of an experiment: `bleu,chrf`, `bleu: { tokenize: zh }`.
///
/// # Errors
///
/// When a metric or an option is not known.
pub fn read_metrics(text: &str) -> Result<Vec<Metric>, Diagnostics> {
    let schema = schema_of::<Metrics>();
    let mut loader = Loader::new(&schema, Extending::Allowed);
    let source = loader.source("--metric", Path::new(""), &format!("metrics: [{text}]"));
    let node = loader.single(&source);
    let (Some(node), true) = (node, loader.problems.is_empty()) else {
        return Err(loader.problems.into_iter().collect());
    };
    let Structure { json, problems, .. } = validate::check(&node, &schema);
    if !problems.is_empty() {
        return Err(problems.into_iter().collect());
    }
    let read: Metrics = serde_json::from_value(json).map_err(|error| unexpected(&node, &error))?;
    Ok(read.metrics)
}

/// A list of metrics.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Metrics {
    metrics: Vec<Metric>,
}

/// The text of an experiment's file.
///
/// # Errors
///
/// When there is no such file, or it is no text, or larger than any experiment.
pub fn read_text(path: &Path) -> Result<String, Diagnostics> {
    extends::read(path).map_err(|error| {
        let (message, help) = unreadable(path, path, &error);
        Diagnostic::of_file(path.to_string_lossy(), message, help).into()
    })
}

/// A text, and where it comes from.
struct Given<'a> {
    name: &'a str,
    /// The file, where it is one.
    path: Option<&'a Path>,
    text: &'a str,
    folder: &'a Path,
}

fn load_from(
    Given { name, path, text, folder }: Given<'_>,
    overrides: &[String],
    registry: &Registry,
    outside: Outside,
) -> Result<Document, Diagnostics> {
    let schema = experiment_schema(registry);
    let extending = match outside {
        Outside::Checked => Extending::Allowed,
        Outside::Ignored => Extending::Refused,
    };
    let mut loader = Loader::new(&schema, extending);
    let source = loader.source(name, folder, text);
    let tree = loader.tree(&source, path, overrides);
    let mut problems = loader.problems;
    // A tree with a hole would be blamed for what stands in the hole.
    let Some(mut root) = tree.filter(|_| problems.is_empty()) else {
        return Err(problems.into_iter().collect());
    };
    let unset = match outside {
        Outside::Checked => variables::expand_paths(&mut root, &schema),
        Outside::Ignored => variables::unescape_paths(&mut root, &schema),
    };
    if !unset.is_empty() {
        return Err(unset.into_iter().collect());
    }
    paths::join(&mut root, &schema);
    resolve::inherit(&mut root, registry);
    let Structure { mut json, broken, problems: structural } = validate::check(&root, &schema);
    let cut = structural.len() >= limits::PROBLEMS;
    problems.extend(structural);
    if cut {
        return Err(problems.into_iter().collect());
    }
    problems.extend(check::run(&root, &json, &broken, registry, outside));
    let diagnostics: Diagnostics = problems.into_iter().collect();
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    paths::each(&mut json, &schema, Extent::All, &mut |path| {
        *path = paths::plain(Path::new(path)).to_string_lossy().into_owned();
    });
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
        let absolute = |path: &str| paths::absolute(Path::new(path)).to_string_lossy().into_owned();
        resolve::yaml(&self.experiment, &self.schema, &mut |path| absolute(path))
    }

    /// The resolved experiment for a folder that is given away: its paths start there, and name no folder that is none of others'
    /// business. Beside it, each path that has become another, before and after.
    pub fn portable_yaml(&self, folder: &Path) -> (String, Vec<(String, String)>) {
        let mut before = Vec::new();
        resolve::yaml(&self.experiment, &self.schema, &mut |path| {
            before.push(paths::absolute(Path::new(path)));
            path.to_owned()
        });
        let after = paths::portable(&before, folder);
        let mut next = after.iter();
        let yaml = resolve::yaml(&self.experiment, &self.schema, &mut |path| {
            // With slashes everywhere, so that the folder can go to another system.
            let parts =
                |path: &PathBuf| path.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/");
            next.next().map_or(path.to_owned(), parts)
        });
        let shown = |path: &PathBuf| path.to_string_lossy().into_owned();
        (yaml, before.iter().map(shown).zip(after.iter().map(shown)).collect())
    }

    /// Every option with its value, defaults included, by its path such as `training.batch.tokens`; paths of files,
    /// which do not say what is in them, left out.
    pub fn settings(&self) -> BTreeMap<String, Json> {
        let mut json = serde_json::to_value(&self.experiment).unwrap_or_default();
        paths::each(&mut json, &self.schema, Extent::All, &mut |path| path.clear());
        let mut settings = BTreeMap::new();
        flatten("", &json, &mut settings);
        settings
    }

    /// Looks for the files of the data below another folder: the one that they were moved to.
    ///
    /// # Errors
    ///
    /// When none of them is there.
    pub fn move_data(&mut self, to: &Path) -> Result<(), Diagnostics> {
        let mut json = serde_json::to_value(&self.experiment).unwrap_or_default();
        let mut given = Vec::new();
        paths::each(&mut json, &self.schema, Extent::Data, &mut |path| {
            given.push(paths::absolute(Path::new(path)));
        });
        if given.is_empty() {
            return Ok(());
        }
        let moved = paths::moved(&given, to).map_err(|first| {
            let message = format!("none of the experiment's files is in `{}`", to.display());
            let help = format!(
                "the first was looked for at `{}`: lay the files there as they lay before, or correct their paths in \
                 `{}`",
                first.display(),
                self.source.name
            );
            Diagnostic::of_file(&*self.source.name, message, Some(help))
        })?;
        let mut next = moved.iter();
        paths::each(&mut json, &self.schema, Extent::Data, &mut |path| {
            if let Some(moved) = next.next() {
                *path = moved.to_string_lossy().into_owned();
            }
        });
        self.experiment = serde_json::from_value(json).map_err(|error| unexpected(&self.root, &error))?;
        Ok(())
    }
}

/// Every option with its value, by its path such as `training.batch.tokens`.
fn flatten(path: &str, json: &Json, settings: &mut BTreeMap<String, Json>) {
    match json {
        Json::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flatten(&path, value, settings);
            }
        }
        other => {
            settings.insert(path.to_owned(), other.clone());
        }
    }
}
