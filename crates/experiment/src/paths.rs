//! Paths of an experiment: relative to the folder of the file that they stand in. Those of `--set` are relative to the
//! folder of the experiment's own file, as if they stood there.

use std::path::{Component, Path, PathBuf};

use serde_json::Value as Json;

use crate::node::{Node, Value};
use crate::schema_kind::{Kind, Schema};
use crate::spec::is_there;

/// Joins every path to the folder of the file that names it.
pub(crate) fn join(root: &mut Node, schema: &Json) {
    each_node(root, schema, &mut join_one);
}

/// Visits all paths of an experiment: texts whose schema says `format: path`, and manifests.
pub(crate) fn each_node(root: &mut Node, schema: &Json, visit: &mut dyn FnMut(&mut Node)) {
    let tasks = root.get_mut("tasks").map(Node::entries_mut).unwrap_or_default();
    for data in tasks.iter_mut().filter_map(|task| task.node.get_mut("data")) {
        visit_manifest(data.get_mut("dataset"), visit);
        visit_manifest(data.get_mut("pair").and_then(|pair| pair.get_mut("dataset")), visit);
    }
    each_node_below(root, Schema { root: schema }, schema, visit);
}

fn each_node_below<'s>(
    node: &mut Node,
    rules: Schema<'s>,
    schema: &'s Json,
    visit: &mut dyn FnMut(&mut Node),
) {
    match &mut node.value {
        Value::Text(_) if is_path(rules, schema) => visit(node),
        Value::Mapping(entries) => {
            for entry in entries {
                if let Some(schema) = rules.child(schema, &entry.key) {
                    each_node_below(&mut entry.node, rules, schema, visit);
                }
            }
        }
        Value::Sequence(items) => {
            if let Some(schema) = rules.item(schema) {
                items.iter_mut().for_each(|item| each_node_below(item, rules, schema, visit));
            }
        }
        _ => {}
    }
}

fn is_path(rules: Schema<'_>, schema: &Json) -> bool {
    match rules.shape(schema).kind {
        Kind::Text(schema) => schema.get("format").is_some_and(|format| format == "path"),
        Kind::Either(alternatives) => alternatives.iter().any(|schema| is_path(rules, schema)),
        _ => false,
    }
}

/// True if a dataset is named by the path of its manifest.
fn is_manifest(name: &str) -> bool {
    matches!(Path::new(name).extension().and_then(|extension| extension.to_str()), Some("yaml" | "yml"))
}

fn visit_manifest(dataset: Option<&mut Node>, visit: &mut dyn FnMut(&mut Node)) {
    if let Some(dataset) = dataset
        && matches!(&dataset.value, Value::Text(name) if is_manifest(name))
    {
        visit(dataset);
    }
}

fn join_one(node: &mut Node) {
    if let Value::Text(path) = &mut node.value
        && !path.is_empty()
        && !path.starts_with('~')
    {
        *path = node.place.source.folder.join(&path).to_string_lossy().into_owned();
    }
}

/// The paths to visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// The paths of the tasks' data.
    Data,
    /// The paths of data and media.
    All,
}

/// Visits the paths of an experiment as JSON.
pub(crate) fn each(experiment: &mut Json, schema: &Json, extent: Extent, visit: &mut dyn FnMut(&mut String)) {
    let rules = Schema { root: schema };
    if extent == Extent::All {
        each_below(experiment, rules, schema, visit);
    }
    let below = |schema, key| rules.child(schema, key);
    let task = below(schema, "tasks").and_then(|tasks| below(tasks, ""));
    let data_schema = task.and_then(|task| below(task, "data"));
    let tasks = experiment.get_mut("tasks").and_then(Json::as_object_mut);
    for data in
        tasks.into_iter().flat_map(serde_json::Map::values_mut).filter_map(|task| task.get_mut("data"))
    {
        for pointer in ["/dataset", "/pair/dataset"] {
            if let Some(Json::String(name)) = data.pointer_mut(pointer)
                && is_manifest(name)
            {
                visit(name);
            }
        }
        if let (Extent::Data, Some(schema)) = (extent, data_schema) {
            each_below(data, rules, schema, visit);
        }
    }
}

fn each_below<'s>(json: &mut Json, rules: Schema<'s>, schema: &'s Json, visit: &mut dyn FnMut(&mut String)) {
    match json {
        Json::String(path) if is_path(rules, schema) => visit(path),
        Json::Object(map) => {
            for (key, value) in map {
                if let Some(schema) = rules.child(schema, key) {
                    each_below(value, rules, schema, visit);
                }
            }
        }
        Json::Array(items) => {
            if let Some(schema) = rules.item(schema) {
                items.iter_mut().for_each(|item| each_below(item, rules, schema, visit));
            }
        }
        _ => {}
    }
}

/// A path without `.` and `..`, so that the folders that it only passes through need not exist.
pub(crate) fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match (component, plain.components().next_back()) {
            (Component::CurDir, _) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => {
                // The parent of a symbolic link's target is another folder than the link's parent.
                if plain.is_symlink() {
                    plain = plain.canonicalize().unwrap_or(plain);
                }
                plain.pop();
            }
            (Component::ParentDir, Some(Component::RootDir)) => {}
            (component, _) => plain.push(component),
        }
    }
    plain
}

/// A path that means the same from every folder.
pub fn absolute(path: &Path) -> PathBuf {
    plain(&std::path::absolute(path).unwrap_or_else(|_| path.to_owned()))
}

/// An absolute path without symbolic links, as far as it exists.
pub fn real(path: &Path) -> PathBuf {
    let path = absolute(path);
    let known = path.ancestors().find_map(|folder| Some((folder, folder.canonicalize().ok()?)));
    match known.and_then(|(folder, real)| Some((real, path.strip_prefix(folder).ok()?))) {
        Some((real, rest)) if rest.as_os_str().is_empty() => real,
        Some((real, rest)) => real.join(rest),
        None => path,
    }
}

/// Relative paths from a folder that is given away. A path that shares no folder with it but the root is cut down to
/// the part that tells the paths apart, so that no folder of a person's own is named.
pub(crate) fn portable(paths: &[PathBuf], folder: &Path) -> Vec<PathBuf> {
    let folder = real(folder);
    let paths: Vec<PathBuf> = paths.iter().map(|path| real(path)).collect();
    let ways: Vec<Option<PathBuf>> = paths.iter().map(|path| way(&folder, path)).collect();
    let far = paths.iter().zip(&ways).filter_map(|(path, way)| way.is_none().then_some(path.as_path()));
    let shared = common_folder(far).unwrap_or_default();
    let cut = |path: &PathBuf| {
        let below = path.strip_prefix(&shared).unwrap_or(path);
        below.components().filter(|part| matches!(part, Component::Normal(_))).collect()
    };
    ways.into_iter().zip(&paths).map(|(way, path)| way.unwrap_or_else(|| cut(path))).collect()
}

/// Paths below a new folder, to which the old folder of all of them was moved. Of several ways to place them there, the
/// first by which most of them exist.
///
/// # Errors
///
/// The place where the first path was expected, if none of them exists.
pub(crate) fn moved(paths: &[PathBuf], to: &Path) -> Result<Vec<PathBuf>, PathBuf> {
    let shared = common_folder(paths.iter().map(PathBuf::as_path)).unwrap_or_default();
    let mut folders: Vec<&Path> = shared.ancestors().collect();
    folders.reverse();
    let laid = |folder: &Path| -> Vec<PathBuf> {
        paths.iter().map(|path| to.join(path.strip_prefix(folder).unwrap_or(path))).collect()
    };
    let mut best = (0, Vec::new());
    for folder in folders {
        let laid = laid(folder);
        let there = laid.iter().filter(|path| is_there(path)).count();
        if there > best.0 {
            best = (there, laid);
        }
    }
    match best {
        (0, _) => Err(laid(&shared).into_iter().next().unwrap_or_else(|| to.to_owned())),
        (_, laid) => Ok(laid),
    }
}

/// The deepest folder that contains all paths, if there is one.
fn common_folder<'p>(paths: impl IntoIterator<Item = &'p Path>) -> Option<PathBuf> {
    let folders = paths.into_iter().map(|path| path.parent().unwrap_or(Path::new("")).to_owned());
    folders.map(Some).reduce(|one, other| common(&one?, &other?)).flatten()
}

fn common(one: &Path, other: &Path) -> Option<PathBuf> {
    one.ancestors().find(|folder| other.starts_with(folder)).map(Path::to_owned)
}

/// The relative path from a folder to a path, both absolute. `None` if they have only the root in common, since the
/// path would then name every folder below it.
fn way(folder: &Path, path: &Path) -> Option<PathBuf> {
    let shared = common(folder, path).filter(|shared| shared.parent().is_some())?;
    let up = folder.strip_prefix(&shared).ok()?.components().map(|_| Component::ParentDir);
    let down = path.strip_prefix(&shared).ok()?.components();
    Some(up.chain(down).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_paths_pass_through_no_folder_in_vain() {
        for (path, expected) in [
            ("a/b/../c", "a/c"),
            ("./a/./b", "a/b"),
            ("../a", "../a"),
            ("a/../../b", "../b"),
            ("../../a/../b", "../../b"),
            ("/a/../../b", "/b"),
            ("/", "/"),
            ("", ""),
        ] {
            assert_eq!(plain(Path::new(path)), Path::new(expected), "{path}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn above_a_link_is_above_what_it_leads_to() {
        let folder = tempfile::tempdir().expect("a folder");
        let real = folder.path().canonicalize().expect("it is there");
        std::fs::create_dir_all(real.join("deep/inner")).expect("a folder");
        std::os::unix::fs::symlink(real.join("deep/inner"), real.join("link")).expect("a link");
        assert_eq!(plain(&real.join("link/../a")), real.join("deep/a"));
        assert_eq!(plain(&real.join("link/a/../b")), real.join("link/b"));
    }

    #[test]
    fn ways_lead_from_one_folder_to_another() {
        for (folder, path, expected) in [
            ("/home/a/runs/x", "/home/a/data/b.de", Some("../../data/b.de")),
            ("/home/a", "/home/a/b.de", Some("b.de")),
            ("/home/a/b", "/home/a", Some("..")),
            ("/srv/x", "/home/a/b.de", None),
        ] {
            assert_eq!(
                way(Path::new(folder), Path::new(path)),
                expected.map(PathBuf::from),
                "{folder} {path}"
            );
        }
    }

    #[test]
    fn paths_have_a_folder_in_common() {
        for (paths, expected) in [
            (&["/a/b/c", "/a/b/d/e", "/a/b/f"][..], Some("/a/b")),
            (&["/a/b"], Some("/a")),
            (&["/a/b", "/c/d"], Some("/")),
            (&["a/b", "c"], Some("")),
            (&[], None),
        ] {
            let found = common_folder(paths.iter().map(Path::new));
            assert_eq!(found.as_deref(), expected.map(Path::new), "{paths:?}");
        }
    }
}
