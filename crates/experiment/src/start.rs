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
/// If the folder that it names is neither a run nor a model from elsewhere, or not one that can be read.
pub(crate) fn take_over(
    root: &mut Node,
    schema: &Json,
    registry: &Registry,
) -> Result<BTreeSet<String>, Box<Diagnostic>> {
    let Some(Node { value: Value::Text(folder), place }) = root.find("/model/from").cloned() else {
        return Ok(BTreeSet::new());
    };
    let named = Path::new(&folder);
    let problem = |message: String, help: Option<String>| Box::new(Diagnostic::error(&place, message, help));
    let mut folder = named.to_owned();
    if !folder.join(RESOLVED).is_file() {
        match registry.import(named) {
            Some(Ok(run)) => folder = run,
            Some(Err(reason)) => {
                let message = format!("the model `{}` cannot be imported: {reason}", named.display());
                return Err(problem(message, None));
            }
            None => {
                let given = named.strip_prefix(&place.source.folder).unwrap_or(named);
                let (message, help) = no_start(named, given);
                return Err(problem(message, help));
            }
        }
    }
    let (file, folder) = (folder.join(RESOLVED), folder.as_path());
    let broken = |reason: String| {
        let help = "start from a run that `any2any describe` can read".to_owned();
        problem(format!("the run `{}` cannot be read: {reason}", named.display()), Some(help))
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
    let taken_over = options_of_sides(root, &start, registry);
    prompts(root, &start, &taken_over);
    Ok(taken_over)
}

/// The message and the help for a path at which nothing lies that a model can start from.
fn no_start(folder: &Path, given: &Path) -> (String, Option<String>) {
    let shown = folder.display();
    if !folder.exists() {
        return (format!("there is no folder `{shown}`"), instead_of(folder, given));
    }
    let help = "name the folder of a run, which a training or `any2any import` has written, or that of a model which \
                `any2any import` reads: with a config.json, or with a model of Marian beside its vocabulary";
    let message = format!(
        "`{shown}` is neither a run, which has a {RESOLVED}, nor a model from elsewhere that is known"
    );
    (message, Some(help.to_owned()))
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

/// Options of a side that are not those of the start: the fields of the data, and random changes in training.
const OF_DATA: [&str; 3] = ["field", "fields", "augment"];

/// Adds the options of each side that it leaves out, from a side of the same medium: the one of the same task and role, if
/// there is one, then one of the same role. A side of the other role has those alone that sources and targets share.
fn options_of_sides(root: &mut Node, start: &Node, registry: &Registry) -> BTreeSet<String> {
    let mut taken_over = BTreeSet::new();
    for task in root.get_mut("tasks").map(Node::entries_mut).unwrap_or_default() {
        for role in ["source", "target"] {
            let [side] = task.node.get_mut(role).map(Node::entries_mut).unwrap_or_default() else { continue };
            let Ok(medium) = registry.get(&side.key) else { continue };
            let Some((known, same_role)) = side_of(start, &task.key, role, &side.key) else { continue };
            let Value::Mapping(options) = &mut side.node.value else { continue };
            for entry in known.entries() {
                let option = entry.key.as_str();
                let shared = medium.inherited().contains(&option);
                let given = options.iter().any(|given| given.key == option);
                if !given && (shared || same_role) && !OF_DATA.contains(&option) {
                    options.push(entry.clone());
                    if shared {
                        taken_over.insert(format!("{}/{role}/{}", below("/tasks", &task.key), side.key));
                    }
                }
            }
        }
    }
    taken_over
}

/// Adds the prompt and the decoding of each task that has none, from the task of the same name or the only one: they name
/// tokens, so a side must have taken its tokenizer over.
fn prompts(root: &mut Node, start: &Node, taken_over: &BTreeSet<String>) {
    if root.find("/model/vocabulary").is_some_and(|given| given.value == Value::Text("replace".to_owned())) {
        return;
    }
    let decodes = root.get("decoding").is_some();
    let known = start.get("tasks").map(Node::entries).unwrap_or_default();
    for task in root.get_mut("tasks").map(Node::entries_mut).unwrap_or_default() {
        let same = known.iter().find(|known| known.key == task.key);
        let Some(known) = same.or(if let [only] = known { Some(only) } else { None }) else { continue };
        let place = below("/tasks", &task.key);
        let takes_over = |role: &str| {
            let side = format!("{place}/{role}/");
            taken_over.iter().any(|taken| taken.starts_with(&side))
        };
        let (source, target) = (takes_over("source"), takes_over("target"));
        let Value::Mapping(options) = &mut task.node.value else { continue };
        for option in ["prompt", "decoding"] {
            let given = options.iter().any(|entry| entry.key == option) || option == "decoding" && decodes;
            let Some(entry) = known.node.entry(option).filter(|_| target && !given) else { continue };
            let mut entry = entry.clone();
            if let (false, Value::Mapping(parts)) = (source, &mut entry.node.value) {
                parts.retain(|part| part.key != "source");
            }
            options.push(entry);
        }
    }
}

/// The side of a medium in the start that is nearest to a side, and whether it has the same role.
fn side_of<'n>(start: &'n Node, task: &str, role: &str, medium: &str) -> Option<(&'n Node, bool)> {
    let tasks = start.get("tasks").map(Node::entries).unwrap_or_default();
    let of = |task: &'n Entry, role: &str| task.node.get(role)?.get(medium);
    let same = tasks.iter().filter(|known| known.key == task);
    let other = if role == "source" { "target" } else { "source" };
    let same_role = same.chain(tasks).find_map(|task| of(task, role)).map(|side| (side, true));
    same_role.or_else(|| tasks.iter().find_map(|task| of(task, other)).map(|side| (side, false)))
}
