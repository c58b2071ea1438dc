//! Rules about the files of the data.

use std::path::Path;

use crate::check::Checker;
use crate::diagnostic::Diagnostic;
use crate::node::{Node, Value, below};
use crate::similar::instead_of;
use crate::spec::{Data, SplitFiles};

pub(crate) fn check(checker: &mut Checker<'_>) {
    for task in checker.tasks() {
        let files = below("/tasks", task) + "/data/files";
        let splits = checker.root.find(&files).map(Node::entries).unwrap_or_default();
        let mut seen: Vec<(&str, &str)> = Vec::new();
        for (split, format) in
            splits.iter().flat_map(|split| split.node.entries().iter().map(move |f| (split, f)))
        {
            let at = below(&below(&files, &split.key), &format.key);
            for file in
                format.node.entries().iter().filter(|entry| format.key == "parallel" || entry.key == "file")
            {
                if checker.sound(&[&below(&at, &file.key)]) {
                    check_file(checker, &file.node);
                    check_repeated(checker, &file.node, &split.key, &mut seen);
                }
            }
        }
        check_columns(checker, task);
    }
}

fn check_file(checker: &mut Checker<'_>, node: &Node) {
    let Value::Text(text) = &node.value else { return };
    let path = Path::new(text);
    if text.is_empty() || path.is_file() {
        return;
    }
    let (message, help) = if path.is_dir() {
        (format!("`{text}` is a folder"), "name a file in it".to_owned())
    } else {
        let help = instead_of(path, given(node, path)).unwrap_or_else(|| relative_to(node));
        (format!("there is no file `{text}`"), help)
    };
    checker.found.push(Diagnostic::error(&node.place, message, Some(help)));
}

/// The path as it stands in the experiment.
fn given<'p>(node: &Node, path: &'p Path) -> &'p Path {
    path.strip_prefix(&node.place.source.folder).unwrap_or(path)
}

fn relative_to(node: &Node) -> String {
    let source = &node.place.source;
    let folder = if source.folder == Path::new("") { Path::new(".") } else { source.folder.as_path() };
    format!("paths in `{}` start at the folder `{}`", source.name, folder.display())
}

/// A model that has learned the samples it is judged on looks better than it is.
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
            checker.found.push(Diagnostic::error(&node.place, message, Some(help.to_owned())).as_warning());
        }
        Some((_, _)) => {
            let help = "each field of a sample needs a file of its own";
            let message = "this file is given for two fields";
            checker.found.push(Diagnostic::error(&node.place, message, Some(help.to_owned())).as_warning());
        }
        None => seen.push((file, split)),
    }
}

fn check_columns(checker: &mut Checker<'_>, task: &str) {
    let data = below("/tasks", task) + "/data";
    let Some(json) = checker.json.pointer(&data).filter(|_| checker.sound(&[&data])) else {
        return;
    };
    let Ok(Data::Files(files)) = serde_json::from_value(json.clone()) else {
        return;
    };
    let splits = [
        ("train", Some(&files.train)),
        ("validation", files.validation.as_ref()),
        ("test", files.test.as_ref()),
    ];
    for (split, files) in splits {
        let (format, table) = match files {
            Some(SplitFiles::Tsv(table)) => ("tsv", table),
            Some(SplitFiles::Csv(table)) => ("csv", table),
            Some(SplitFiles::JsonLines(table)) => ("json_lines", table),
            _ => continue,
        };
        let columns = format!("{data}/files/{split}/{format}/columns");
        if format == "json_lines" && !table.columns.is_empty() {
            let help = "take `columns` away: each object of JSON Lines names its fields itself";
            checker.error(&columns, "a JSON Lines file has no columns", help);
        }
        for (index, column) in table.columns.iter().enumerate() {
            if table.columns[..index].contains(column) {
                let place = format!("{columns}/{index}");
                checker.error(&place, format!("two columns are called `{column}`"), "give each its own name");
            }
        }
    }
}
