//! Syntax errors of YAML, explained in words that need no knowledge of its grammar.

use std::sync::Arc;

use granit_parser::{ErrorKind, ScanError};

use crate::diagnostic::Diagnostic;
use crate::parse::place;
use crate::source::Source;

/// The diagnostic of a syntax error: message, place and the way out.
pub(crate) fn syntax_error(source: &Arc<Source>, error: &ScanError) -> Diagnostic {
    let mut place = place(source, *error.marker(), None);
    if place.line > source.lines() || (source.line(place.line).trim().is_empty() && place.line > 1) {
        // At the end of the text, or an empty line before it, the last line with text is shown.
        let said =
            (1..=place.line.min(source.lines())).rev().find(|line| !source.line(*line).trim().is_empty());
        place.line = said.unwrap_or(1);
        place.column = source.line(place.line).trim_end().chars().count() + 1;
    }
    if is_about_tabs(error.kind()) {
        // The parser may notice the tab from the end of the line before it.
        let tab =
            |line: usize| Some((line, source.line(line).chars().position(|character| character == '\t')?));
        if let Some((line, at)) = (place.line..=source.lines()).find_map(tab) {
            (place.line, place.column) = (line, at + 1);
        }
    }
    let (message, help) = explain(error.kind());
    Diagnostic::error(&place, message, help.map(str::to_owned))
}

fn is_about_tabs(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::TabInBlockIndentation
            | ErrorKind::TabInIndentation
            | ErrorKind::TabNotAllowed
            | ErrorKind::TabInPlainScalar
            | ErrorKind::TabAtBlockScalarStart
    )
}

fn explain(kind: &ErrorKind) -> (String, Option<&'static str>) {
    let (message, help) = match kind {
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => (
            "a `key: value` cannot stand here",
            "start a new line for it, indented like its neighbours; a text that holds `: ` needs quotes",
        ),
        ErrorKind::SimpleKeyExpected => ("a `:` is missing after this key", "write `key: value`"),
        ErrorKind::InvalidMappingValueWhitespace => ("a space is missing after `:`", "write `key: value`"),
        kind if is_about_tabs(kind) => {
            ("YAML does not allow a tab here", "indent with spaces, two for each level")
        }
        ErrorKind::InvalidIndentation
        | ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::ExpectedBlockSequenceEntry
        | ErrorKind::MappingKeyNotAllowed => (
            "this line does not fit the lines above it",
            "keys of the same mapping start in the same column; what belongs to a key is indented further",
        ),
        ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofImplicitFlowMapping => {
            ("a bracket was opened and not closed", "add the missing `}` or `]`")
        }
        ErrorKind::ExpectedFlowMappingSeparator => {
            ("a `,` or `}` is missing before this", "separate entries with commas: `{ a: 1, b: 2 }`")
        }
        ErrorKind::ExpectedFlowSequenceSeparator => {
            ("a `,` or `]` is missing before this", "separate items with commas: `[a, b]`")
        }
        ErrorKind::MisplacedFlowCollectionEnd | ErrorKind::MismatchedFlowCollectionEnd { .. } => {
            ("this bracket closes none that is open", "each `{` needs a `}`, and each `[` a `]`")
        }
        ErrorKind::UnclosedQuotedScalar | ErrorKind::InvalidQuotedScalarIndent => {
            ("a quote was opened and not closed", "add the missing quote at the end of the text")
        }
        ErrorKind::UnknownQuotedScalarEscape => (
            "YAML knows no such escape in double quotes",
            "in single quotes a backslash is a backslash: '...'; paths may be written with `/` everywhere",
        ),
        ErrorKind::UnknownAnchor => {
            ("no anchor of this name stands before its alias", "define it first: `&name value`")
        }
        ErrorKind::UnexpectedCharacter { character } => {
            let message = format!("a text cannot start with `{}`", character.escape_default());
            return (message, Some("put the text in quotes"));
        }
        ErrorKind::RecursionLimitExceeded => {
            ("mappings and lists nest too deeply here", "no experiment needs this")
        }
        kind => return (format!("this is not YAML: {kind}"), None),
    };
    (message.to_owned(), Some(help))
}
