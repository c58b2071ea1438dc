//! `extends: other.yaml`: the tree of an experiment with those that it builds on.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value as Json;

use crate::diagnostic::Diagnostic;
use crate::merge::merge;
use crate::node::{Node, Value};
use crate::overrides::parse_override;
use crate::parse::parse;
use crate::shape::Schema;
use crate::similar::instead_of;
use crate::source::{Place, Source};

/// The key that names the files to build on.
const EXTENDS: &str = "extends";

/// Reads trees, and collects what is wrong with them.
pub(crate) struct Loader<'s> {
    schema: &'s Json,
    sources: usize,
    pub(crate) problems: Vec<Diagnostic>,
}

impl<'s> Loader<'s> {
    pub(crate) fn new(schema: &'s Json) -> Self {
        Self { schema, sources: 0, problems: Vec::new() }
    }

    /// The source of a text.
    pub(crate) fn source(&mut self, name: &str, folder: &Path, text: &str) -> Arc<Source> {
        let rank = self.sources;
        self.sources += 1;
        Source::new(name, folder, text, rank)
    }

    /// The tree of a source over all that it extends, and under the overrides, the last of them on top.
    pub(crate) fn tree(
        &mut self,
        source: &Arc<Source>,
        path: Option<&Path>,
        overrides: &[String],
    ) -> Option<Node> {
        let mut open: Vec<PathBuf> = path.iter().map(|path| canonical(path)).collect();
        let mut tree = self.extended(source, &mut open);
        for argument in overrides {
            let rank = self.sources;
            self.sources += 1;
            let node = parse_override(argument, &source.folder, rank, &mut self.problems);
            tree = self.over(tree, node);
        }
        tree
    }

    /// The tree of a source alone, which must be a mapping.
    pub(crate) fn single(&mut self, source: &Arc<Source>) -> Option<Node> {
        let known = self.problems.len();
        let Some(node) = parse(source, &mut self.problems) else {
            if self.problems.len() == known {
                self.report(&Place::start(source), "the file is empty", None);
            }
            return None;
        };
        if !matches!(node.value, Value::Mapping(_)) {
            let help = "write lines of `key: value`".to_owned();
            self.report(
                &node.place,
                &format!("the file must be a mapping, found {}", node.describe()),
                Some(help),
            );
            return None;
        }
        Some(node)
    }

    fn extended(&mut self, source: &Arc<Source>, open: &mut Vec<PathBuf>) -> Option<Node> {
        let mut near = self.single(source)?;
        let Value::Mapping(entries) = &mut near.value else {
            return None;
        };
        let Some(at) = entries.iter().position(|entry| entry.key == EXTENDS) else {
            return Some(near);
        };
        let extends = entries.remove(at).node;
        let mut base = None;
        for (file, place) in self.names(&extends) {
            let node = self.base(&file, &place, open);
            base = self.over(base, node);
        }
        self.over(base, Some(near))
    }

    /// The files that an `extends` names, in the order in which they are laid over each other.
    fn names(&mut self, extends: &Node) -> Vec<(String, Place)> {
        let items = match &extends.value {
            Value::Sequence(items) => items.as_slice(),
            _ => std::slice::from_ref(extends),
        };
        let mut names = Vec::new();
        for item in items {
            match &item.value {
                Value::Text(file) => names.push((file.clone(), item.place.clone())),
                _ => {
                    let message =
                        format!("`extends` must name a file or a list of files, found {}", item.describe());
                    self.report(&item.place, &message, Some("write `extends: other.yaml`".to_owned()));
                }
            }
        }
        names
    }

    fn base(&mut self, file: &str, place: &Place, open: &mut Vec<PathBuf>) -> Option<Node> {
        let path = place.source.folder.join(file);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) => {
                let (message, help) = unreadable(&path, Path::new(file), &error);
                self.report(place, &message, help);
                return None;
            }
        };
        let identity = canonical(&path);
        if open.contains(&identity) {
            let message =
                format!("`{file}` is already being extended: these experiments build on each other");
            self.report(place, &message, Some("take one `extends` of the circle away".to_owned()));
            return None;
        }
        let source = self.source(&path.to_string_lossy(), &folder_of(&path), &text);
        open.push(identity);
        let node = self.extended(&source, open);
        open.pop();
        node
    }

    fn over(&self, base: Option<Node>, near: Option<Node>) -> Option<Node> {
        match (base, near) {
            (Some(base), Some(near)) => {
                Some(merge(base, near, Schema { root: self.schema }, Some(self.schema)))
            }
            (base, near) => near.or(base),
        }
    }

    fn report(&mut self, place: &Place, message: &str, help: Option<String>) {
        self.problems.push(Diagnostic::error(place, message, help));
    }
}

/// What to say about a file that cannot be read.
pub(crate) fn unreadable(path: &Path, given: &Path, error: &std::io::Error) -> (String, Option<String>) {
    let shown = path.display();
    match error.kind() {
        std::io::ErrorKind::NotFound => (format!("there is no file `{shown}`"), instead_of(path, given)),
        std::io::ErrorKind::InvalidData => {
            (format!("`{shown}` is not UTF-8 text"), Some("save it with the encoding UTF-8".to_owned()))
        }
        _ if path.is_dir() => (format!("`{shown}` is a folder"), Some("name a file in it".to_owned())),
        _ => (format!("cannot read `{shown}`: {error}"), None),
    }
}

/// The folder that a file stands in; empty for the current one.
pub(crate) fn folder_of(path: &Path) -> PathBuf {
    path.parent().map(Path::to_path_buf).unwrap_or_default()
}

fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}
