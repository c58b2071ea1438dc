//! Rules about the data files of tasks.

use std::path::Path;

use crate::check::{Checker, Outside};
use crate::diagnostic::Diagnostic;
use crate::missing_file::instead_of;
use crate::node::{Node, Value, below};
use crate::spec::{Shards, SplitFiles, is_pattern};

pub(crate) fn check(checker: &mut Checker<'_>) {
    for task in checker.tasks() {
        let files = below("/tasks", task) + "/data/files";
        let splits = checker.root.find(&files).map(Node::entries).unwrap_or_default();
        let mut seen: Vec<(&str, &str)> = Vec::new();
        for split in splits {
            let at = below(&files, &split.key);
            for file in files_of(&split.node, &at) {
                if checker.sound(&[&file.pointer]) {
                    if checker.outside == Outside::Checked {
                        check_shards(checker, &file);
                    }
                    if file.is_whole {
                        for node in shards_of(file.node) {
                            check_repeated(checker, node, &split.key, &mut seen);
                        }
                    }
                }
            }
        }
        check_columns(checker, task);
    }
}

/// A file that a split names.
struct Named<'n> {
    node: &'n Node,
    pointer: String,
    /// True if the whole file belongs to the split; if not, other splits may choose from it too.
    is_whole: bool,
    /// True for a folder.
    is_folder: bool,
}

/// The nodes of files that follow each other: a list of them, or one.
fn shards_of(node: &Node) -> &[Node] {
    match &node.value {
        Value::Sequence(shards) => shards,
        _ => std::slice::from_ref(node),
    }
}

/// Checks that the files are there. One of several that is missing costs its samples alone.
fn check_shards(checker: &mut Checker<'_>, file: &Named<'_>) {
    let shards = shards_of(file.node);
    let is_missing = |node: &Node| matches!(&node.value, Value::Text(text) if !Path::new(text).is_file());
    let all_missing = shards.iter().all(is_missing);
    for node in shards {
        match problem(node, file.is_folder) {
            Some(problem) if shards.len() > 1 && !all_missing => checker.report(problem.as_warning()),
            Some(problem) => checker.report(problem),
            None => {}
        }
    }
}

/// The files that a split names without placeholders.
fn files_of<'n>(split: &'n Node, at: &str) -> Vec<Named<'n>> {
    let mut files = Vec::new();
    for format in split.entries() {
        let at = below(at, &format.key);
        for entry in format.node.entries() {
            let pointer = below(&at, &entry.key);
            let named = |node, pointer, is_whole| Named { node, pointer, is_whole, is_folder: false };
            match (format.key.as_str(), entry.key.as_str()) {
                ("parallel" | "idx", _)
                | ("tsv" | "csv" | "json_lines" | "parquet" | "arrow", "file")
                | ("webdataset", "shards") => {
                    files.push(named(&entry.node, pointer, true));
                }
                ("fasta" | "members", "archive") => files.push(named(&entry.node, pointer, false)),
                ("members", "folder") => {
                    files.push(Named { is_folder: true, ..named(&entry.node, pointer, false) });
                }
                ("fasta", "files") => files.extend(
                    entry.node.entries().iter().map(|e| named(&e.node, below(&pointer, &e.key), false)),
                ),
                ("rows", "from") => {
                    let from = files_of(&entry.node, &pointer);
                    files.extend(from.into_iter().map(|file| Named { is_whole: false, ..file }));
                }
                ("rows", "files") => {
                    for field in entry.node.entries() {
                        let pointer = below(&pointer, &field.key);
                        let paths = field.node.entries().iter().filter(|path| {
                            path.key == "archive" || path.key == "file" && !has_placeholder(&path.node)
                        });
                        files.extend(paths.map(|path| named(&path.node, below(&pointer, &path.key), false)));
                    }
                }
                _ => {}
            }
        }
    }
    files
}

fn has_placeholder(node: &Node) -> bool {
    matches!(&node.value, Value::Text(text) if text.contains(['{', '}']))
}

/// The problem of a file or folder that is not there.
fn problem(node: &Node, is_folder: bool) -> Option<Diagnostic> {
    let Value::Text(text) = &node.value else { return None };
    let path = Path::new(text);
    if text.is_empty() || if is_folder { path.is_dir() } else { path.is_file() } {
        return None;
    }
    if !is_folder && is_pattern(path) {
        let (_, reason) = Shards::One(path.to_owned()).files(Path::new("")).err()?;
        let (message, help) = reason.split_once(": ").unwrap_or((&reason, ""));
        let message = format!("`{text}`: {message}");
        return Some(Diagnostic::error(&node.place, message, Some(help.to_owned())));
    }
    let (message, help) = if path.is_file() {
        (format!("`{text}` is a file"), "name a folder, or `archive` instead of `folder`".to_owned())
    } else if path.is_dir() {
        (format!("`{text}` is a folder"), "name a file in it".to_owned())
    } else {
        let help = instead_of(path, given(node, path)).unwrap_or_else(|| relative_to(node));
        let noun = if is_folder { "folder" } else { "file" };
        (format!("there is no {noun} `{text}`"), help)
    };
    Some(Diagnostic::error(&node.place, message, Some(help)))
}

/// The path as it is written in the experiment.
fn given<'p>(node: &Node, path: &'p Path) -> &'p Path {
    path.strip_prefix(&node.place.source.folder).unwrap_or(path)
}

fn relative_to(node: &Node) -> String {
    let source = &node.place.source;
    let folder = if source.folder == Path::new("") { Path::new(".") } else { source.folder.as_path() };
    format!("paths in `{}` start at the folder `{}`", source.name, folder.display())
}

/// Warns of a file that two splits or two fields name: scores on samples of the training look better than the model is.
fn check_repeated<'n>(
    checker: &mut Checker<'_>,
    node: &'n Node,
    split: &'n str,
    seen: &mut Vec<(&'n str, &'n str)>,
) {
    let Value::Text(file) = &node.value else { return };
    match seen.iter().find(|(known, _)| known == file) {
        Some((_, first)) if *first != split => {
            let message = format!("this file is in `{first}` and in `{split}`");
            let help = "scores on samples that the model has seen say nothing about new ones: split the file";
            checker.report(Diagnostic::error(&node.place, message, Some(help.to_owned())).as_warning());
        }
        Some((_, _)) => {
            let help = "each field of a sample needs a file of its own";
            let message = "this file is given for two fields";
            checker.report(Diagnostic::error(&node.place, message, Some(help.to_owned())).as_warning());
        }
        None => seen.push((file, split)),
    }
}

fn check_columns(checker: &mut Checker<'_>, task: &str) {
    let data = below("/tasks", task) + "/data";
    let Some(files) = checker.data(task).and_then(|data| data.files) else {
        return;
    };
    for (split, files) in files.splits() {
        let (format, table) = match files {
            SplitFiles::Tsv(table) => ("tsv", table),
            SplitFiles::Csv(table) => ("csv", table),
            _ => continue,
        };
        let columns = format!("{data}/files/{split}/{format}/columns");
        for (index, column) in table.columns.iter().enumerate() {
            if table.columns[..index].contains(column) {
                let place = format!("{columns}/{index}");
                checker.error(&place, format!("two columns are called `{column}`"), "give each its own name");
            }
        }
    }
}
