//! Overrides, `--set training.steps=100`: values of the experiment replaced from the command line.

use std::path::Path;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::limits::{self, Budget};
use crate::node::{Entry, Node, Value};
use crate::parse::parse_text;
use crate::source::{OVERRIDE, Place, Source};

/// Parses an override into a tree with this one value.
///
/// The value is YAML, so lists, mappings and `null` are possible. Relative paths in it start at `folder`, the
/// experiment's, as if they stood in its file.
pub(crate) fn parse_override(
    argument: &str,
    folder: &Path,
    rank: usize,
    budget: &mut Budget,
    problems: &mut Vec<Diagnostic>,
) -> Option<Node> {
    let source = Source::new(OVERRIDE, folder, argument, rank);
    let usage = "an override is KEY=VALUE, such as training.steps=100";
    let Some((path, _)) = source.text.split_once('=') else {
        let place = Place { length: source.text.chars().count().max(1), ..Place::start(&source) };
        problems.push(Diagnostic::error(&place, "this override has no `=`", Some(usage.to_owned())));
        return None;
    };
    let keys = keys(&source, path);
    if let Some((_, place)) = keys.iter().find(|(key, _)| key.is_empty()) {
        problems.push(Diagnostic::error(place, "a key is missing here", Some(usage.to_owned())));
        return None;
    }
    if let Some((_, place)) = keys.first().filter(|(key, _)| key == "extends") {
        let help = "set single values, or write a file that extends both";
        problems.push(Diagnostic::error(place, "`extends` cannot be overridden", Some(help.to_owned())));
        return None;
    }
    if let Some((_, place)) = keys.get(limits::DEPTH) {
        let message = format!("this override has more than {} keys", limits::DEPTH);
        problems.push(Diagnostic::error(place, message, Some(usage.to_owned())));
        return None;
    }
    let (_, last) = keys.last()?;
    let value = value(&source, path, last, budget, problems)?;
    Some(keys.into_iter().rev().fold(value, |node, (key, place)| Node {
        place: place.clone(),
        value: Value::Mapping(vec![Entry { key, place, node }]),
    }))
}

fn keys(source: &Arc<Source>, path: &str) -> Vec<(String, Place)> {
    let mut column = 1;
    path.split('.')
        .map(|key| {
            let length = key.chars().count();
            let place = Place { source: Arc::clone(source), line: 1, column, length: length.max(1) };
            column += length + 1;
            (key.trim().to_owned(), place)
        })
        .collect()
}

fn value(
    source: &Arc<Source>,
    path: &str,
    key: &Place,
    budget: &mut Budget,
    problems: &mut Vec<Diagnostic>,
) -> Option<Node> {
    let given = &source.text[path.len() + 1..];
    if given.trim().is_empty() {
        return Some(Node { place: key.clone(), value: Value::Null });
    }
    // Spaces instead of the key keep the columns of the argument.
    let padded = format!("{}{given}", " ".repeat(path.chars().count() + 1));
    let known = problems.len();
    let node = parse_text(source, &padded, budget, problems);
    match node {
        None if problems.len() == known => Some(Node { place: key.clone(), value: Value::Null }),
        node => node,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::tests::tree;

    #[test]
    fn an_override_is_a_small_tree() {
        let cases = [
            ("training.steps=100", "training: {steps: 100}"),
            ("name=a=b", "name: a=b"),
            ("evaluation.metrics=[bleu, ter]", "evaluation: {metrics: [bleu, ter]}"),
            ("training.schedule={noam: {warmup: 5}}", "training: {schedule: {noam: {warmup: 5}}}"),
            ("training.clip_norm=null", "training: {clip_norm: null}"),
            ("training.clip_norm=", "training: {clip_norm: null}"),
        ];
        for (argument, expected) in cases {
            let mut problems = Vec::new();
            let node = parse_override(argument, Path::new(""), 1, &mut Budget::default(), &mut problems)
                .expect(argument);
            assert_eq!((node, problems), (tree(expected), Vec::new()), "{argument}");
        }
    }

    #[test]
    fn a_bad_override_is_shown() {
        let cases = [
            ("training.steps", (1, 14)),
            ("training..steps=1", (10, 1)),
            ("=1", (1, 1)),
            ("extends=a.yaml", (1, 7)),
            ("name=[a", (6, 1)),
        ];
        for (argument, expected) in cases {
            let mut problems = Vec::new();
            assert!(
                parse_override(argument, Path::new(""), 1, &mut Budget::default(), &mut problems).is_none(),
                "{argument}"
            );
            let places: Vec<_> = problems.iter().map(|problem| (problem.column, problem.length)).collect();
            assert_eq!(places, [expected], "{argument}");
            assert_eq!(problems[0].file, "--set");
        }
    }
}
