//! Loading of an experiment: from a file, the files that it extends and overrides to one checked document.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use any2any_adapter::{Point, Registry};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::check::{self, Outside};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::extends::{self, Extending, Loader, folder_of, unreadable};
use crate::former_keys;
use crate::limits;
use crate::node::Node;
use crate::packages::packages;
use crate::paths::{self, Extent};
use crate::resolve;
use crate::schema::{experiment_schema, offer_plug_ins, schema_of};
use crate::source::Source;
use crate::spec::{Experiment, Metric};
use crate::start;
use crate::validate::{self, Structure};
use crate::variables;

/// A checked experiment, and the file that it came from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Document {
    /// The experiment with all defaults.
    pub experiment: Experiment,
    /// Warnings about values that are allowed, but probably not intended.
    pub warnings: Diagnostics,
    source: Arc<Source>,
    root: Node,
    schema: Json,
    packages: Vec<String>,
}

/// Loads the experiment of a file.
///
/// Each override is `KEY=VALUE` with dots between keys, such as `training.steps=100`, and overrides take effect in
/// their order.
///
/// # Errors
///
/// Everything that is wrong with the file, with the files that it extends, and with the overrides, at once.
pub fn load(path: &Path, overrides: &[String], registry: &Registry) -> Result<Document, Diagnostics> {
    let text = read_text(path)?;
    let given =
        Given { name: &path.to_string_lossy(), path: Some(path), text: &text, folder: &folder_of(path) };
    load_from(given, overrides, registry, Outside::Checked)
}

/// Loads an experiment from its text.
///
/// `name` stands for the file in diagnostics, and relative paths start at `folder`.
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
/// A run is whole: the files that its experiment names need not exist, since all that a model needs of them is in the
/// run. `name` and `folder` are as in [`load_str`].
///
/// # Errors
///
/// If the text is no experiment: everything that is wrong, at once.
pub fn load_run(name: &str, text: &str, folder: &Path, registry: &Registry) -> Result<Document, Diagnostics> {
    load_from(Given { name, path: None, text, folder }, &[], registry, Outside::Ignored)
}

/// Reads a YAML file of any other type, such as the manifest of a dataset, with the same diagnostics.
///
/// # Errors
///
/// If the file cannot be read or does not fit the type: everything that is wrong, at once.
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

/// Parses metrics of a command line, written as in an experiment: `bleu,chrf`, `bleu: { tokenize: zh }`; those of plug-ins
/// are at work.
///
/// # Errors
///
/// If a metric or an option is not known.
pub fn read_metrics(text: &str, registry: &Registry) -> Result<Vec<Metric>, Diagnostics> {
    let mut schema = schema_of::<Metrics>();
    offer_plug_ins(&mut schema, &[Point::Metric], registry);
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
    let mut read: Metrics = serde_json::from_value(json).map_err(|error| unexpected(&node, &error))?;
    let mut problems = Vec::new();
    for metric in &mut read.metrics {
        let Metric::Plugged(plugged) = metric else { continue };
        plugged.build(Point::Metric, registry);
        let name = &plugged.name;
        let plug_in = registry.plug_in(Point::Metric, name);
        for problem in plug_in.into_iter().flat_map(|plug_in| plug_in.problems(&plugged.options)) {
            let message = format!("`{name}{}`: {}", problem.pointer, problem.message);
            problems.push(Diagnostic::error(&node.place, message, problem.help));
        }
    }
    if problems.is_empty() { Ok(read.metrics) } else { Err(problems.into_iter().collect()) }
}

/// The list of metrics of a command line.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Metrics {
    metrics: Vec<Metric>,
}

/// Reads the text of an experiment's file.
///
/// # Errors
///
/// If there is no such file, or it is no text, or larger than any experiment.
pub fn read_text(path: &Path) -> Result<String, Diagnostics> {
    extends::read(path).map_err(|error| {
        let (message, help) = unreadable(path, path, &error);
        Diagnostic::of_file(path.to_string_lossy(), message, help).into()
    })
}

/// A text, and its origin.
struct Given<'a> {
    name: &'a str,
    /// The file, if it is one.
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
    if let Err(mistakes) = registry.sound() {
        return Err(Diagnostics::from_iter([Diagnostic::of_file("media", mistakes.to_string(), None)]));
    }
    let schema = experiment_schema(registry);
    let extending = match outside {
        Outside::Checked => Extending::Allowed,
        Outside::Ignored => Extending::Refused,
    };
    let mut loader = Loader::new(&schema, extending);
    let source = loader.source(name, folder, text);
    let tree = loader.tree(&source, path, overrides);
    let mut problems = loader.problems;
    // Semantic checks of an incomplete tree would report follow-up errors.
    let Some(mut root) = tree.filter(|_| problems.is_empty()) else {
        return Err(problems.into_iter().collect());
    };
    let former = former_keys::rename(&mut root);
    if matches!(outside, Outside::Checked) {
        problems.extend(former);
    }
    let unset = match outside {
        Outside::Checked => variables::expand_paths(&mut root, &schema),
        Outside::Ignored => variables::unescape_paths(&mut root, &schema),
    };
    if !unset.is_empty() {
        return Err(unset.into_iter().collect());
    }
    paths::join(&mut root, &schema);
    let taken_over = match outside {
        Outside::Checked => start::take_over(&mut root, &schema, registry),
        Outside::Ignored => Ok(BTreeSet::new()),
    };
    let taken_over = taken_over.unwrap_or_else(|problem| {
        problems.push(*problem);
        BTreeSet::new()
    });
    resolve::inherit(&mut root, registry);
    let Structure { mut json, broken, problems: structural } = validate::check(&root, &schema);
    let cut = structural.len() >= limits::PROBLEMS;
    problems.extend(structural);
    if cut {
        return Err(problems.into_iter().collect());
    }
    problems.extend(check::run(&root, &json, &broken, registry, (outside, &taken_over)));
    let diagnostics: Diagnostics = problems.into_iter().collect();
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    paths::each(&mut json, &schema, Extent::All, &mut |path| {
        *path = paths::plain(Path::new(path)).to_string_lossy().into_owned();
    });
    let mut experiment = experiment(json, registry).map_err(|error| unexpected(&root, &error))?;
    let packages = packages(&mut experiment, registry);
    Ok(Document { experiment, warnings: diagnostics, source, root, schema, packages })
}

fn experiment(json: Json, registry: &Registry) -> Result<Experiment, serde_json::Error> {
    let mut experiment: Experiment = serde_json::from_value(json)?;
    resolve::options(&mut experiment, registry);
    resolve::plug_ins(&mut experiment, registry);
    resolve::tied_embeddings(&mut experiment, registry);
    Ok(experiment)
}

/// The problem of a value that the schema accepts and the type does not.
fn unexpected(root: &Node, error: &serde_json::Error) -> Diagnostic {
    Diagnostic::error(&root.place, format!("this cannot be read: {error}"), None)
}

impl Document {
    /// The text of the file, as it was read.
    pub fn given(&self) -> &str {
        &self.source.text
    }

    /// An error that a later stage finds, at a JSON pointer such as `/tasks/translate/data/dataset`.
    ///
    /// If the file has no such node (a default, for instance), the nearest one above it is shown.
    pub fn diagnose(&self, pointer: &str, message: impl Into<String>, help: Option<String>) -> Diagnostic {
        Diagnostic::error(self.root.place_of(pointer), message, help)
    }

    /// The packages that its media and plug-ins come from, a line each: `medium notes: plug-notes 0.3.1`.
    pub fn packages(&self) -> &[String] {
        &self.packages
    }

    /// The experiment with every default, as YAML.
    ///
    /// It loads to the same experiment from any folder, since its paths are absolute.
    pub fn resolved_yaml(&self) -> String {
        let absolute = |path: &str| paths::absolute(Path::new(path)).to_string_lossy().into_owned();
        resolve::yaml(&self.experiment, &self.schema, &self.packages, &mut |path| absolute(path))
    }

    /// The resolved experiment for a folder that is given away: its paths are relative to that folder, and name none of
    /// the folders of the person who trained. The list beside it has each changed path, before and after.
    pub fn portable_yaml(&self, folder: &Path) -> (String, Vec<(String, String)>) {
        let mut before = Vec::new();
        resolve::yaml(&self.experiment, &self.schema, &self.packages, &mut |path| {
            before.push(paths::absolute(Path::new(path)));
            path.to_owned()
        });
        let after = paths::portable(&before, folder);
        let mut next = after.iter();
        let yaml = resolve::yaml(&self.experiment, &self.schema, &self.packages, &mut |path| {
            // With slashes on every system, so that the folder can go to another one.
            let parts =
                |path: &PathBuf| path.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/");
            next.next().map_or(path.to_owned(), parts)
        });
        let shown = |path: &PathBuf| path.to_string_lossy().into_owned();
        (yaml, before.iter().map(shown).zip(after.iter().map(shown)).collect())
    }

    /// Every option with its value, defaults included, by its path such as `training.batch.tokens`. Paths of files are
    /// left out, since they do not say what the files contain.
    pub fn settings(&self) -> BTreeMap<String, Json> {
        let mut json = serde_json::to_value(&self.experiment).unwrap_or_default();
        paths::each(&mut json, &self.schema, Extent::All, &mut |path| path.clear());
        let mut settings = BTreeMap::new();
        flatten("", &json, &mut settings);
        settings
    }

    /// Moves the paths of the data to another folder, to which the files were moved.
    ///
    /// # Errors
    ///
    /// If no file is found there.
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

/// Collects every option with its value, by its path such as `training.batch.tokens`.
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
