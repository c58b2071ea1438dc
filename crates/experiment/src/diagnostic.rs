//! Diagnostics: problems of an experiment with their places, printed in the style of the Rust compiler.

use std::fmt;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde::Serialize;

use crate::source::Place;

/// The most problems that are kept, the first of them; the others are only counted.
const KEPT: usize = 50;

/// The most characters of a message or of a help: a key, a text, or a path in it may be of any length.
const MESSAGE: usize = 2000;

/// The most characters of a source line that are kept.
const LINE: usize = 1000;

/// The severity of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Severity {
    /// An error: the experiment cannot run.
    Error,
    /// A warning: the experiment can run, but probably not as intended.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        })
    }
}

/// A problem, its place, and the way out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Diagnostic {
    /// The severity.
    pub severity: Severity,
    /// The name of the file as it was given; `--set` for an override.
    pub file: String,
    /// The line, counted from 1; 0 for the file as a whole.
    pub line: usize,
    /// The column in characters, counted from 1; 0 for the file as a whole.
    pub column: usize,
    /// The length of the place in characters.
    pub length: usize,
    /// The message: what is wrong.
    pub message: String,
    /// The help: the way out.
    pub help: Option<String>,
    /// The text of the line; of a very long one, the part around the place.
    pub source_line: String,
    /// The number of characters of the line before that part.
    #[serde(skip)]
    skipped: usize,
    /// The key by which problems are sorted: source, line and column.
    #[serde(skip)]
    order: (usize, usize, usize),
}

impl Diagnostic {
    /// A problem of a whole file, such as one that cannot be read.
    pub fn of_file(file: impl Into<String>, message: impl Into<String>, help: Option<String>) -> Self {
        Self {
            severity: Severity::Error,
            file: file.into(),
            line: 0,
            column: 0,
            length: 0,
            message: cut(message.into()),
            help: help.map(cut),
            source_line: String::new(),
            skipped: 0,
            order: (0, 0, 0),
        }
    }

    /// The problem as a warning.
    #[must_use]
    pub fn as_warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    pub(crate) fn error(place: &Place, message: impl Into<String>, help: Option<String>) -> Self {
        let (skipped, source_line) = part(place.source.line(place.line), place.column);
        Self {
            severity: Severity::Error,
            file: place.source.name.clone(),
            line: place.line,
            column: place.column,
            length: place.length,
            message: cut(message.into()),
            help: help.map(cut),
            source_line,
            skipped,
            order: place.order(),
        }
    }
}

/// Cuts a text that is too long to show.
fn cut(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(MESSAGE) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// The part of a line around a column, and the number of characters before it.
fn part(line: &str, column: usize) -> (usize, String) {
    if line.len() <= LINE {
        return (0, line.to_owned());
    }
    let skipped = column.saturating_sub(LINE / 2);
    (skipped, line.chars().skip(skipped).take(LINE).collect())
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.severity, self.message)?;
        let margin = " ".repeat(self.line.to_string().len());
        write!(f, "\n{margin}--> {}", self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}\n{}", self.line, self.column, self.excerpt())?;
        }
        if let Some(help) = &self.help {
            write!(f, "\n{margin} = help: {help}")?;
        }
        Ok(())
    }
}

impl Diagnostic {
    /// The line, or a part of a long one, with carets under the place. Only this is drawn by the library, which would
    /// count columns from the beginning of the part.
    fn excerpt(&self) -> String {
        let line = self.source_line.trim_end();
        // A place may lie behind the end of the line, such as the end of the file.
        let byte = |character| line.char_indices().nth(character).map_or(line.len(), |(byte, _)| byte);
        let start = self.column.saturating_sub(1 + self.skipped);
        let place = AnnotationKind::Primary.span(byte(start)..byte(start + self.length));
        let snippet = Snippet::source(line).line_start(self.line).annotation(place);
        Renderer::plain().render(&[Group::with_level(Level::ERROR).element(snippet)])
    }
}

/// All diagnostics of an experiment, in the order of its files and lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    /// The number of problems beyond those that are kept.
    #[serde(skip)]
    more: usize,
}

impl Diagnostics {
    /// True if any of them is an error.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// The number of problems that are kept: see [`more`](Self::more).
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// The number of problems beyond those that are kept.
    pub fn more(&self) -> usize {
        self.more
    }

    /// True if there is no problem.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Iterates over the problems.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.list.iter()
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(diagnostics: I) -> Self {
        let mut list: Vec<_> = diagnostics.into_iter().collect();
        list.sort_by(|a, b| (&a.order, &a.severity).cmp(&(&b.order, &b.severity)));
        // An option that a target inherits from its source is checked twice and reported once.
        list.dedup();
        let more = list.len().saturating_sub(KEPT);
        if more > 0 {
            // Errors are kept before warnings.
            list.sort_by_key(|problem| problem.severity);
            list.truncate(KEPT);
            list.sort_by(|a, b| (&a.order, &a.severity).cmp(&(&b.order, &b.severity)));
        }
        Self { list, more }
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self { list: vec![diagnostic], more: 0 }
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.list.iter().enumerate() {
            let gap = if index == 0 { "" } else { "\n\n" };
            write!(f, "{gap}{diagnostic}")?;
        }
        if self.more > 0 {
            write!(f, "\n\n... and {} more", self.more)?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    fn check(text: &str, (line, column, length): (usize, usize, usize), expected: &str) {
        let source = Source::new("a.yaml", "", text, 0);
        let place = Place { source, line, column, length };
        let shown = Diagnostic::error(&place, "wrong", None).to_string();
        assert_eq!(shown, format!("error: wrong\n{expected}"), "{shown}");
    }

    #[test]
    fn carets_stand_under_the_place() {
        check("a: 1\nb: 22", (2, 4, 2), " --> a.yaml:2:4\n  |\n2 | b: 22\n  |    ^^");
        check("\tx: y", (1, 2, 1), " --> a.yaml:1:2\n  |\n1 |     x: y\n  |     ^");
        check("名: y", (1, 4, 1), " --> a.yaml:1:4\n  |\n1 | 名: y\n  |     ^");
        check("a: [", (1, 5, 1), " --> a.yaml:1:5\n  |\n1 | a: [\n  |     ^");
        check("a: b  ", (1, 9, 2), " --> a.yaml:1:9\n  |\n1 | a: b\n  |     ^");
        check("a\u{202e}\u{1b}b", (1, 4, 1), " --> a.yaml:1:4\n  |\n1 | a\u{fffd}\u{241b}b\n  |    ^");
        check("", (1, 1, 1), " --> a.yaml:1:1\n  |\n1 |\n  | ^");
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let text = format!("{}HERE{}", "a".repeat(500), "b".repeat(500));
        let source = Source::new("a.yaml", "", &text, 0);
        let place = Place { source, line: 1, column: 501, length: 4 };
        let shown = Diagnostic::error(&place, "wrong", None).to_string();
        let lines: Vec<_> = shown.lines().collect();
        assert!(lines[3].chars().count() < 160, "{shown}");
        let at = lines[3].chars().take_while(|&c| c != 'H').count();
        assert_eq!(lines[4].find('^'), Some(at), "{shown}");
    }

    #[test]
    fn sorted_by_place_and_reported_once() {
        let at = |line| {
            let source = Source::new("a.yaml", "", "a\nb\nc", 0);
            Diagnostic::error(&Place { source, line, column: 1, length: 1 }, "wrong", None)
        };
        let lines: Vec<_> = Diagnostics::from_iter([at(3), at(1), at(3)]).iter().map(|d| d.line).collect();
        assert_eq!(lines, [1, 3]);
    }

    #[test]
    fn a_machine_can_read_them() {
        let diagnostic = Diagnostic::of_file("a.yaml", "missing", Some("write it".to_owned())).as_warning();
        let json = serde_json::to_value(Diagnostics::from(diagnostic)).expect("plain data");
        let expected = serde_json::json!([{
            "severity": "warning", "file": "a.yaml", "line": 0, "column": 0, "length": 0,
            "message": "missing", "help": "write it", "source_line": "",
        }]);
        assert_eq!(json, expected);
    }
}
