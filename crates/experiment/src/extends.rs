//! Inheritance of experiments, `extends: other.yaml`: the trees of the named files, merged below this one.

use std::collections::HashMap;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value as Json;

use crate::diagnostic::Diagnostic;
use crate::limits::{self, Budget, FILES};
use crate::merge::merge;
use crate::missing_file::instead_of;
use crate::node::{Entry, Node, Value};
use crate::overrides::parse_override;
use crate::parse::parse;
use crate::schema_kind::Schema;
use crate::source::{Place, Source};

/// The key that names the files to extend.
const EXTENDS: &str = "extends";

/// Permission to extend other files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extending {
    /// Allowed, for a person's own experiment.
    Allowed,
    /// Refused, for a run: it is whole, and a stranger's must not have files read, let alone shown.
    Refused,
}

/// Reads trees of files, and collects their problems.
pub(crate) struct Loader<'s> {
    schema: &'s Json,
    extending: Extending,
    sources: usize,
    budget: Budget,
    /// Cache of the trees of extended files, each with all that it extends itself: a file that several others extend is
    /// read once.
    trees: HashMap<PathBuf, Option<Node>>,
    pub(crate) problems: Vec<Diagnostic>,
}

impl<'s> Loader<'s> {
    pub(crate) fn new(schema: &'s Json, extending: Extending) -> Self {
        Self {
            schema,
            extending,
            sources: 0,
            budget: Budget::default(),
            trees: HashMap::new(),
            problems: Vec::new(),
        }
    }

    /// Registers a text as a source.
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
            let node = parse_override(argument, &source.folder, rank, &mut self.budget, &mut self.problems);
            tree = self.over(tree, node);
        }
        tree
    }

    /// The tree of a source alone, which must be a mapping.
    pub(crate) fn single(&mut self, source: &Arc<Source>) -> Option<Node> {
        let known = self.problems.len();
        let Some(node) = parse(source, &mut self.budget, &mut self.problems) else {
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
        let Entry { node: extends, place, .. } = entries.remove(at);
        if self.extending == Extending::Refused {
            let help = "a run says everything itself: take `extends` away, and write what it stands for";
            self.report(&place, "the experiment of a run builds on no other file", Some(help.to_owned()));
            return None;
        }
        let mut base = None;
        for (file, place) in self.names(&extends) {
            let node = self.base(&file, &place, open);
            base = self.over(base, node);
        }
        self.over(base, Some(near))
    }

    /// The files that an `extends` names, in the order in which they are merged.
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
        let identity = canonical(&path);
        if open.contains(&identity) {
            let message =
                format!("`{file}` is already being extended: these experiments build on each other");
            self.report(place, &message, Some("take one `extends` of the circle away".to_owned()));
            return None;
        }
        if let Some(known) = self.trees.get(&identity) {
            let node = known.as_ref()?;
            // Copies count each time, or files that extend others twice would grow without end.
            if let Err(problem) = self.budget.take(node.size(), || place.clone()) {
                self.problems.push(*problem);
                return None;
            }
            return Some(node.clone());
        }
        if self.trees.len() + open.len() >= FILES {
            let message = format!("the experiment is read from more than {FILES} files");
            self.report(place, &message, Some("build on fewer files, or lay some together".to_owned()));
            return None;
        }
        let text = match read_extended(&path) {
            Ok(text) => text,
            Err(error) => {
                let (message, help) = unreadable(&path, Path::new(file), &error);
                self.report(place, &message, help);
                return None;
            }
        };
        let source = self.source(&path.to_string_lossy(), &folder_of(&path), &text);
        open.push(identity.clone());
        let node = self.extended(&source, open);
        open.pop();
        self.trees.insert(identity, node.clone());
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

/// Reads the text of a file. Of one that is too large, only as much as shows that it is.
pub(crate) fn read(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    let mut file = std::fs::File::open(path)?.take(limits::FILE as u64 + 1);
    match file.read_to_string(&mut text) {
        // The limit may cut a character in two.
        Err(error) if error.kind() == ErrorKind::InvalidData && file.limit() == 0 => {
            Err(ErrorKind::FileTooLarge.into())
        }
        Ok(_) if text.len() > limits::FILE => Err(ErrorKind::FileTooLarge.into()),
        Ok(_) => Ok(text),
        Err(error) => Err(error),
    }
}

/// Reads the text of a file that another extends. A pipe or a device, which may never end or begin, is none.
fn read_extended(path: &Path) -> std::io::Result<String> {
    let kind = std::fs::metadata(path)?;
    if kind.is_file() || kind.is_dir() {
        return read(path);
    }
    Err(std::io::Error::new(ErrorKind::InvalidInput, "it is no file"))
}

/// The message and help for a file that cannot be read.
pub(crate) fn unreadable(path: &Path, given: &Path, error: &std::io::Error) -> (String, Option<String>) {
    let shown = path.display();
    match error.kind() {
        ErrorKind::NotFound => (format!("there is no file `{shown}`"), instead_of(path, given)),
        ErrorKind::FileTooLarge => {
            let message = format!("`{shown}` has more than {} bytes, which no experiment has", limits::FILE);
            (message, Some("name another file".to_owned()))
        }
        ErrorKind::InvalidData => {
            (format!("`{shown}` is not UTF-8 text"), Some("save it with the encoding UTF-8".to_owned()))
        }
        _ if path.is_dir() => (format!("`{shown}` is a folder"), Some("name a file in it".to_owned())),
        _ => (format!("cannot read `{shown}`: {error}"), None),
    }
}

/// The folder of a file; empty for the current one.
pub(crate) fn folder_of(path: &Path) -> PathBuf {
    path.parent().map(Path::to_path_buf).unwrap_or_default()
}

fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}
