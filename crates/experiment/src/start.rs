//! Experiments that start from a run: what they leave out is that of the run.

use std::collections::BTreeSet;
use std::path::Path;

use any2any_adapter::Registry;
use serde_json::Value as Json;

use crate::diagnostic::Diagnostic;
use crate::extends::{Extending, Loader};
use crate::missing_file::instead_of;
use crate::node::{Entry, Node, Value, below};
use crate::schema_kind::{Kind, Schema};
use crate::{extends, former_keys, paths, variables};

/// The file of a run that says what its model is.
const RESOLVED: &str = "resolved.yaml";

/// Completes an experiment by what it leaves out of the run that it starts from: the kind of model, and the options of the
/// media of its sides. Gives the pointers of the sides that have taken options over.
///
/// # Errors
///
/// If the folder that it names is no run, or not one that can be read.
pub(crate) fn take_over(
    root: &mut Node,
    schema: &Json,
    registry: &Registry,
) -> Result<BTreeSet<String>, Box<Diagnostic>> {
    let Some(Node { value: Value::Text(folder), place }) = root.find("/model/from").cloned() else {
        return Ok(BTreeSet::new());
    };
    let folder = Path::new(&folder);
    let problem = |message: String, help: Option<String>| Box::new(Diagnostic::error(&place, message, help));
    let file = folder.join(RESOLVED);
    if !file.is_file() {
        let given = folder.strip_prefix(&place.source.folder).unwrap_or(folder);
        let (message, help) = no_run(folder, given);
        return Err(problem(message, help));
    }
    let broken = |reason: String| {
        let help = "start from a run that `any2any describe` can read".to_owned();
        problem(format!("the run `{}` cannot be read: {reason}", folder.display()), Some(help))
    };
    let text = extends::read(&file).map_err(|error| broken(error.to_string()))?;
    let mut loader = Loader::new(schema, Extending::Refused);
    let source = loader.source(&file.to_string_lossy(), folder, &text);
    let start = loader.single(&source).filter(|_| loader.problems.is_empty());
    let Some(mut start) = start else {
        return Err(broken(loader.problems.first().map(ToString::to_string).unwrap_or_default()));
    };
    former_keys::rename(&mut start);
    if let Some(problem) = variables::unescape_paths(&mut start, schema).first() {
        return Err(broken(problem.to_string()));
    }
    paths::join(&mut start, schema);
    kind_of_model(root, &start, schema);
    Ok(options_of_sides(root, &start, registry))
}

/// The message and the help for a folder that is no run.
fn no_run(folder: &Path, given: &Path) -> (String, Option<String>) {
    let shown = folder.display();
    if folder.join("config.json").is_file() {
        let name = folder.file_name().map_or_else(|| "model".into(), |name| name.to_string_lossy());
        let message = format!("`{shown}` is a model from elsewhere, and no run");
        let help = format!(
            "make a run of it, `any2any import {shown} --run runs/{name}`, and write `from: runs/{name}`"
        );
        return (message, Some(help));
    }
    if folder.is_dir() {
        let help = "name the folder of a run, which a training or `any2any import` has written".to_owned();
        return (format!("`{shown}` is no run: it has no {RESOLVED}"), Some(help));
    }
    (format!("there is no folder `{shown}`"), instead_of(folder, given))
}

/// Adds the kind of model, where the experiment has none.
fn kind_of_model(root: &mut Node, start: &Node, schema: &Json) {
    let rules = Schema { root: schema };
    let Some(Kind::Choice { options, .. }) =
        rules.child(schema, "model").map(|model| rules.shape(model).kind)
    else {
        return;
    };
    let is_kind = |entry: &&Entry| options.iter().any(|(name, _)| *name == entry.key);
    let Some(Node { value: Value::Mapping(model), .. }) = root.get_mut("model") else { return };
    if model.iter().any(|entry| is_kind(&entry)) {
        return;
    }
    model.extend(start.get("model").into_iter().flat_map(Node::entries).find(is_kind).cloned());
}

/// Adds the options of each side that it leaves out, from a side of the same medium: the one of the same task and role, if
/// there is one, then one of the same role.
fn options_of_sides(root: &mut Node, start: &Node, registry: &Registry) -> BTreeSet<String> {
    let mut taken_over = BTreeSet::new();
    for task in root.get_mut("tasks").map(Node::entries_mut).unwrap_or_default() {
        for role in ["source", "target"] {
            let [side] = task.node.get_mut(role).map(Node::entries_mut).unwrap_or_default() else { continue };
            let Ok(medium) = registry.get(&side.key) else { continue };
            let Some(known) = side_of(start, &task.key, role, &side.key) else { continue };
            let Value::Mapping(options) = &mut side.node.value else { continue };
            for option in medium.inherited() {
                let given = options.iter().any(|entry| entry.key == *option);
                if let (false, Some(entry)) = (given, known.entry(option)) {
                    options.push(entry.clone());
                    taken_over.insert(format!("{}/{role}/{}", below("/tasks", &task.key), side.key));
                }
            }
        }
    }
    taken_over
}

/// The side of a medium in the start that is nearest to a side.
fn side_of<'n>(start: &'n Node, task: &str, role: &str, medium: &str) -> Option<&'n Node> {
    let tasks = start.get("tasks").map(Node::entries).unwrap_or_default();
    let of = |task: &'n Entry, role: &str| task.node.get(role)?.get(medium);
    let same = tasks.iter().filter(|known| known.key == task);
    let other = if role == "source" { "target" } else { "source" };
    same.chain(tasks)
        .find_map(|task| of(task, role))
        .or_else(|| tasks.iter().find_map(|task| of(task, other)))
}
