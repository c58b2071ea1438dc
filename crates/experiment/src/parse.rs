//! Parser from YAML text to a tree of nodes with places.
//!
//! The events come from granit-parser, the parser below serde-saphyr: serde's data model has no room for the
//! places of keys, nor for several problems at once. Of YAML 1.2 everything is read but tags, merge keys,
//! keys that are not scalars, and more than one document; those are reported, not skipped.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::sync::Arc;

use granit_parser::{Event, Marker, Parser, ScalarStyle, Span, StrInput, StructureStyle, Tag};

use crate::diagnostic::Diagnostic;
use crate::limits::{self, Budget, DEPTH, Size};
use crate::node::{Entry, Node, Value, shorten};
use crate::scalar::plain;
use crate::source::{Place, Source};
use crate::syntax::syntax_error;

/// Parses a source.
///
/// Returns `None` for a text without a node (empty, or only comments) and after a syntax error.
pub(crate) fn parse(
    source: &Arc<Source>,
    budget: &mut Budget,
    problems: &mut Vec<Diagnostic>,
) -> Option<Node> {
    parse_text(source, &source.text, budget, problems)
}

/// Parses `text`, whose lines and columns are those of the source.
pub(crate) fn parse_text(
    source: &Arc<Source>,
    text: &str,
    budget: &mut Budget,
    problems: &mut Vec<Diagnostic>,
) -> Option<Node> {
    if text.len() > limits::FILE {
        problems.push(too_large(&source.name));
        return None;
    }
    let options = granit_parser::options! {
        emit_comments: false,
        flow_nesting_limit: DEPTH,
        block_nesting_limit: DEPTH,
    };
    let events = Parser::new_from_str_with_options(text, options);
    let mut composer =
        Composer { source, events, anchors: HashMap::new(), budget, kept: Budget::default(), problems };
    match composer.document() {
        Ok(node) => node,
        Err(problem) => {
            problems.push(*problem);
            None
        }
    }
}

/// The problem of a file with too many bytes.
pub(crate) fn too_large(name: &str) -> Diagnostic {
    let message = format!("the file has more than {} bytes, which no experiment has", limits::FILE);
    Diagnostic::of_file(name, message, Some("name another file, or split it by `extends`".to_owned()))
}

/// A problem after which parsing ends.
type Fatal = Box<Diagnostic>;

struct Composer<'a> {
    source: &'a Arc<Source>,
    events: Parser<'a, StrInput<'a>>,
    anchors: HashMap<usize, Node>,
    budget: &'a mut Budget,
    /// Budget of the values that anchors may keep.
    kept: Budget,
    problems: &'a mut Vec<Diagnostic>,
}

impl<'a> Composer<'a> {
    fn document(&mut self) -> Result<Option<Node>, Fatal> {
        let mut root = None;
        while let Some((event, span)) = self.next()? {
            match event {
                Event::DocumentStart(..) if root.is_some() => {
                    let help = "an experiment is one document: keep what stands before the second `---`";
                    self.report(&self.place(span), "a second document starts here", help);
                    return Ok(root);
                }
                Event::StreamStart | Event::StreamEnd | Event::DocumentStart(..) | Event::DocumentEnd => {}
                event => root = Some(self.node(event, span, &Place::start(self.source))?),
            }
        }
        // `---` alone is an empty document.
        Ok(root.filter(|node| node.value != Value::Null))
    }

    fn next(&mut self) -> Result<Option<(Event<'a>, Span)>, Fatal> {
        self.events.next().transpose().map_err(|error| Box::new(syntax_error(self.source, &error)))
    }

    /// The next event inside a collection, which must follow.
    fn inner(&mut self) -> Result<(Event<'a>, Span), Fatal> {
        self.next()?.ok_or_else(|| {
            let end = self.source.lines();
            let place = Place { source: Arc::clone(self.source), line: end, column: 1, length: 1 };
            Box::new(Diagnostic::error(&place, "the text ends inside a mapping or list", None))
        })
    }

    /// Parses the node that starts with an event; `fallback` is its place if it has no characters.
    fn node(&mut self, event: Event<'a>, span: Span, fallback: &Place) -> Result<Node, Fatal> {
        let bytes = if let Event::Scalar(text, ..) = &event { text.len() } else { 0 };
        self.take(Size { values: 1, bytes }, &span)?;
        let (node, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.reject(tag.as_deref(), &span)?;
                let value =
                    if style == ScalarStyle::Plain { plain(&text) } else { Value::Text(text.into_owned()) };
                let empty = span.start.index() >= span.end.index();
                let place = if empty { fallback.clone() } else { self.place(span) };
                (Node { place, value }, anchor)
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.reject(tag.as_deref(), &span)?;
                (self.sequence(style, span)?, anchor)
            }
            Event::MappingStart(style, anchor, tag) => {
                self.reject(tag.as_deref(), &span)?;
                (self.mapping(style, span)?, anchor)
            }
            Event::Alias(anchor) => return self.alias(anchor, &span),
            _ => {
                return Err(Box::new(Diagnostic::error(
                    &self.place(span),
                    "a value cannot stand here",
                    None,
                )));
            }
        };
        if anchor != 0 {
            // An anchor inside another one is copied once more.
            self.kept.take(node.size(), || place(self.source, span.start, Some(span.end)))?;
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn sequence(&mut self, style: StructureStyle, start: Span) -> Result<Node, Fatal> {
        let mut items = Vec::new();
        let end = loop {
            match self.inner()? {
                (Event::SequenceEnd, span) => break span,
                (event, span) => {
                    let fallback = self.place(span);
                    items.push(self.node(event, span, &fallback)?);
                }
            }
        };
        Ok(Node { place: self.extent(style, start, end), value: Value::Sequence(items) })
    }

    fn mapping(&mut self, style: StructureStyle, start: Span) -> Result<Node, Fatal> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut lines: HashMap<String, usize> = HashMap::new();
        let end = loop {
            let (key, place) = match self.inner()? {
                (Event::MappingEnd, span) => break span,
                (Event::Scalar(text, ScalarStyle::Plain, ..), span) if text == "<<" => {
                    let help = "to build on another experiment write `extends: other.yaml`; \
                                to repeat a value use `&name` and `*name`";
                    let place = self.place(span);
                    self.report(&place, "merge keys (`<<`) are not part of YAML 1.2", help);
                    (None, place)
                }
                (Event::Scalar(text, _, _, tag), span) => {
                    self.reject(tag.as_deref(), &span)?;
                    (Some(text.into_owned()), self.place(span))
                }
                (event, span) => {
                    let place = self.place(span);
                    self.node(event, span, &place)?;
                    self.report(
                        &place,
                        "a key must be a word",
                        "write `key: value`, with a word before the colon",
                    );
                    (None, place)
                }
            };
            self.check_problems(&place)?;
            let (event, span) = self.inner()?;
            let node = self.node(event, span, &place)?;
            if let Some(key) = key {
                self.enter(&mut entries, &mut lines, Entry { key, place, node })?;
            }
        };
        let place = match entries.first() {
            Some(first) if style != StructureStyle::Flow => first.place.clone(),
            _ => self.extent(style, start, end),
        };
        Ok(Node { place, value: Value::Mapping(entries) })
    }

    /// Adds an entry, unless its key is invalid or was given before; `lines` has the line of each key so far.
    fn enter(
        &mut self,
        entries: &mut Vec<Entry>,
        lines: &mut HashMap<String, usize>,
        entry: Entry,
    ) -> Result<(), Fatal> {
        let size = Size { values: 0, bytes: entry.key.len() };
        self.budget.take(size, || entry.place.clone())?;
        let line = entry.place.line;
        match lines.entry(entry.key.clone()) {
            Slot::Occupied(first) => {
                let message = format!("`{}` is given twice", shorten(first.key()));
                let help = format!("it was first given on line {}: keep one of them", first.get());
                self.report(&entry.place, &message, &help);
                self.check_problems(&entry.place)
            }
            Slot::Vacant(free) => {
                entries.push(entry);
                free.insert(line);
                Ok(())
            }
        }
    }

    fn alias(&mut self, anchor: usize, span: &Span) -> Result<Node, Fatal> {
        let Some(node) = self.anchors.get(&anchor) else {
            let place = self.place(*span);
            return Err(Box::new(Diagnostic::error(
                &place,
                "this alias stands inside the very node that it repeats",
                None,
            )));
        };
        // Checked before the value is copied.
        self.budget.take(node.size(), || place(self.source, span.start, Some(span.end)))?;
        Ok(node.clone())
    }

    fn take(&mut self, size: Size, span: &Span) -> Result<(), Fatal> {
        self.budget.take(size, || place(self.source, span.start, Some(span.end)))
    }

    /// Ends parsing after more problems than anyone mends.
    fn check_problems(&self, place: &Place) -> Result<(), Fatal> {
        if self.problems.len() < limits::PROBLEMS {
            return Ok(());
        }
        let message = format!("there are {} problems above: nothing more is read", limits::PROBLEMS);
        Err(Box::new(Diagnostic::error(place, message, None)))
    }

    fn reject(&mut self, tag: Option<&Tag>, span: &Span) -> Result<(), Fatal> {
        if tag.is_none() {
            return Ok(());
        }
        let place = self.place(span.tag_span().unwrap_or(*span));
        let help = "leave the tag out; to make a text of a number, put it in quotes";
        self.report(&place, "tags are not supported", help);
        self.check_problems(&place)
    }

    fn report(&mut self, place: &Place, message: &str, help: &str) {
        self.problems.push(Diagnostic::error(place, message, Some(help.to_owned())));
    }

    /// The place of a collection: its brackets, or else its first key or dash.
    fn extent(&self, style: StructureStyle, start: Span, end: Span) -> Place {
        match style {
            StructureStyle::Flow => self.place(Span::new(start.start, end.end)),
            _ => self.place(start),
        }
    }

    /// The place of a span: its characters on its first line, at least one.
    fn place(&self, span: Span) -> Place {
        place(self.source, span.start, Some(span.end))
    }
}

/// The place between two markers: the characters on the first one's line, at least one.
pub(crate) fn place(source: &Arc<Source>, start: Marker, end: Option<Marker>) -> Place {
    let (line, column) = (start.line().max(1), start.col() + 1);
    let length = match end {
        Some(end) if end.line() == start.line() => end.col().saturating_sub(start.col()),
        Some(_) => source.line(line).trim_end().chars().count().saturating_sub(start.col()),
        None => 1,
    };
    Place { source: Arc::clone(source), line, column, length: length.max(1) }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The tree of a text that must be right.
    pub(crate) fn tree(text: &str) -> Node {
        let mut problems = Vec::new();
        let node = parse(&Source::new("test.yaml", "", text, 0), &mut Budget::default(), &mut problems);
        assert_eq!(problems, []);
        node.expect("the text holds a node")
    }

    /// The first problem of a text: its line, column and length, and its message.
    fn check(text: &str, (line, column, length): (usize, usize, usize), message: &str) {
        let mut problems = Vec::new();
        parse(&Source::new("test.yaml", "", text, 0), &mut Budget::default(), &mut problems);
        let first = problems.first().expect("a problem");
        assert_eq!((first.line, first.column, first.length), (line, column, length), "{first}");
        assert!(first.message.contains(message), "{first}");
    }

    #[test]
    fn nodes_and_keys_know_their_places() {
        let root = tree("one: 1\ntwo:\n  three: [a, 'b c']\n");
        let three = root.get("two").and_then(|two| two.entry("three")).expect("an entry");
        assert_eq!((three.place.line, three.place.column, three.place.length), (3, 3, 5));
        assert_eq!((three.node.place.column, three.node.place.text().as_str()), (10, "[a, 'b c']"));
        let Value::Sequence(items) = &three.node.value else { panic!("{three:?}") };
        assert_eq!(items[1].place.text(), "'b c'");
        assert_eq!(items[1].value, Value::Text("b c".to_owned()));
    }

    #[test]
    fn aliases_repeat_their_node() {
        let root = tree("a: &x {b: 1}\nc: *x");
        assert_eq!(root.get("a"), root.get("c"));
    }

    #[test]
    fn problems_have_places() {
        check("a: 1\na: 2", (2, 1, 1), "given twice");
        check("a: !x 2", (1, 4, 2), "tags");
        check("<<: {a: 1}", (1, 1, 2), "merge keys");
        check("? [a]\n: 1", (1, 3, 1), "must be a word");
        check("a: &x [*x]", (1, 8, 2), "inside the very node");
        check("a: 1\n---\nb: 2", (2, 1, 3), "second document");
        check("a: [1, 2\n", (1, 4, 1), "not closed");
        check("a: 'b\n", (1, 4, 1), "not closed");
        check("a: b: c", (1, 5, 1), "cannot stand here");
        check("a: 1\n\tb: 2", (2, 1, 1), "tab");
        check("a:\n    b: 1\n  c: 2", (3, 3, 1), "does not fit");
        check("a: *x", (1, 4, 1), "no anchor");
        check("a: @x", (1, 4, 1), "cannot start with");
        check(&"[".repeat(100), (1, 65, 1), "too deeply");
    }

    #[test]
    fn aliases_cannot_explode() {
        let mut text = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]\n".to_owned();
        for level in 1..9 {
            let items = vec![format!("*a{}", level - 1); 9].join(", ");
            text += &format!("a{level}: &a{level} [{items}]\n");
        }
        check(&text, (6, 10, 3), "more than");
    }
}
