//! Sources, the texts from which experiments are read, and places in them.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// The name of the command line's overrides in diagnostics.
pub(crate) const OVERRIDE: &str = "--set";

/// A source: the text of a file, or an argument of the command line.
#[derive(Debug)]
pub(crate) struct Source {
    /// The name in diagnostics: the path as it was given, or `--set`.
    pub(crate) name: String,
    /// The folder to which relative paths in the text belong.
    pub(crate) folder: PathBuf,
    /// The text, without a byte-order mark.
    pub(crate) text: String,
    /// The position of its diagnostics among those of other sources.
    pub(crate) rank: usize,
    /// The byte ranges of the lines, so that finding one does not read all above it.
    lines: Vec<Range<usize>>,
}

impl Source {
    pub(crate) fn new(
        name: impl Into<String>,
        folder: impl Into<PathBuf>,
        text: &str,
        rank: usize,
    ) -> Arc<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).to_owned();
        let lines = lines(&text);
        Arc::new(Self { name: name.into(), folder: folder.into(), text, rank, lines })
    }

    /// A line, counted from 1; empty if there is none.
    pub(crate) fn line(&self, number: usize) -> &str {
        let line = number.checked_sub(1).and_then(|index| self.lines.get(index).cloned());
        line.and_then(|line| self.text.get(line)).unwrap_or("")
    }

    /// The number of lines; at least one.
    pub(crate) fn lines(&self) -> usize {
        self.lines.len().max(1)
    }
}

/// The lines of a text as YAML counts them: a lone carriage return ends one too.
fn lines(text: &str) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let rest = &text[start..];
        let length = rest.find(['\n', '\r']).unwrap_or(rest.len());
        lines.push(start..start + length);
        start += length + if rest[length..].starts_with("\r\n") { 2 } else { 1 };
    }
    lines
}

/// A place: some characters of one line of a source.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) source: Arc<Source>,
    /// The line, counted from 1.
    pub(crate) line: usize,
    /// The column in characters, counted from 1.
    pub(crate) column: usize,
    /// The length in characters.
    pub(crate) length: usize,
}

impl Place {
    /// The first character of a source.
    pub(crate) fn start(source: &Arc<Source>) -> Self {
        Self { source: Arc::clone(source), line: 1, column: 1, length: 1 }
    }

    /// The text at the place.
    pub(crate) fn text(&self) -> String {
        self.source.line(self.line).chars().skip(self.column - 1).take(self.length).collect()
    }

    /// The key by which places are sorted.
    pub(crate) fn order(&self) -> (usize, usize, usize) {
        (self.source.rank, self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_as_in_yaml() {
        let source = Source::new("x", "", "\u{feff}one\ntwo\r\nthree\rfour\n\nsix", 0);
        let all: Vec<_> = (0..=7).map(|number| source.line(number)).collect();
        assert_eq!(all, ["", "one", "two", "three", "four", "", "six", ""]);
        assert_eq!(source.lines(), 6);
        assert_eq!(Source::new("x", "", "", 0).lines(), 1);
    }

    #[test]
    fn a_place_counts_characters() {
        let source = Source::new("x", "", "größe: 翻訳", 0);
        let place = Place { source, line: 1, column: 8, length: 2 };
        assert_eq!(place.text(), "翻訳");
    }
}
