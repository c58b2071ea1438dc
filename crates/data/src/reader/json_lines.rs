//! JSON Lines: an object a line.
//!
//! The fields are those of `columns`, or else the strings, numbers and booleans of the first object, also those inside
//! of objects in it: `translation.de`. A later object that lacks one of `columns` is left out. One that lacks a field
//! of the first object is not, since nobody may read that field: it is an absent value, which leaves the sample out
//! where it is read. Other values of an object are ignored.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::lines::{Lines, wrong, wrong_line};
use super::table::Table;
use crate::samples::Absent;
use crate::{DataError, Samples, text};

pub(super) fn read(path: &Path, columns: &[String]) -> Result<Samples, DataError> {
    let lines = Lines::filled(path)?;
    let remark = lines.remark();
    let mut rows = Rows {
        path,
        shared: Arc::from(path),
        table: if columns.is_empty() { None } else { Some(Table::new(path, 1, columns.to_vec())?) },
        absent: BTreeMap::new(),
        early: Vec::new(),
    };
    for line in lines {
        let line = line?;
        match line.text.and_then(|text| parse(path, line.number, &text)) {
            Ok(object) if columns.is_empty() => rows.push(line.number, object)?,
            Ok(object) => rows.push_whole(line.number, object),
            Err(error) => rows.leave_out(error),
        }
    }
    let Rows { table, absent, early, .. } = rows;
    match (table, early.into_iter().next()) {
        (Some(table), _) => Ok(table.with_remark(remark).finish()?.with_absent(absent)),
        (None, Some(error)) => Err(error),
        (None, None) => Err(wrong(path, "has no rows")),
    }
}

/// The rows so far.
struct Rows<'a> {
    path: &'a Path,
    shared: Arc<Path>,
    /// None before the first object.
    table: Option<Table<'a>>,
    absent: BTreeMap<String, BTreeMap<usize, Absent>>,
    /// Errors of the lines before the first object.
    early: Vec<DataError>,
}

impl Rows<'_> {
    fn leave_out(&mut self, error: DataError) {
        match &mut self.table {
            Some(table) => table.leave_out(error),
            None => self.early.push(error),
        }
    }

    /// Adds an object whose fields are those of the first one.
    fn push(&mut self, line: usize, mut object: Leaves) -> Result<(), DataError> {
        let table = match &mut self.table {
            Some(table) => table,
            None => {
                let Some(names) = object.names() else {
                    let reason = "the object has no field that is a string or a number";
                    self.early.push(wrong_line(self.path, line, reason));
                    return Ok(());
                };
                let table = self.table.insert(Table::new(self.path, line, names)?);
                self.early.drain(..).for_each(|error| table.leave_out(error));
                table
            }
        };
        let mut cells = Vec::with_capacity(table.names().len());
        for name in table.names() {
            let (cell, found) = match object.take(name) {
                Some(Leaf::Text(text)) => (text, None),
                Some(Leaf::Other(kind)) => (String::new(), Some(Some(kind))),
                None => (String::new(), Some(None)),
            };
            if let Some(found) = found {
                let absent = Absent { path: self.shared.clone(), line, found };
                self.absent.entry(name.clone()).or_default().insert(table.len(), absent);
            }
            cells.push(cell);
        }
        table.add(cells);
        Ok(())
    }

    /// Adds an object that must have every column.
    fn push_whole(&mut self, line: usize, mut object: Leaves) {
        let Some(table) = &mut self.table else { return };
        let path = self.path;
        let cells = table.names().iter().map(|name| match object.take(name) {
            Some(Leaf::Text(text)) => Ok(text),
            Some(Leaf::Other(kind)) => {
                let reason = format!("field '{name}' must be a string or a number, it is {kind}");
                Err(wrong_line(path, line, reason))
            }
            None => {
                let reason = format!("no field '{name}': {}", text::known(name, &object.order));
                Err(wrong_line(path, line, reason))
            }
        });
        let cells = cells.collect();
        table.push(line, cells);
    }
}

fn parse(path: &Path, line: usize, text: &str) -> Result<Leaves, DataError> {
    if text.trim().is_empty() {
        return Err(wrong_line(path, line, "an empty line; every line must hold one JSON object"));
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(Leaves::of(object, text)),
        Ok(other) => Err(wrong_line(
            path,
            line,
            format!("expected an object such as {{\"en\": \"...\"}}, found {}", kind(&other)),
        )),
        Err(error) => {
            // serde_json counts lines within this one line: only its column says anything.
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default();
            Err(wrong_line(path, line, format!("column {}: {message}", error.column())))
        }
    }
}

/// A value of an object, or of an object in it.
enum Leaf {
    /// A string, or the text of a number or a boolean.
    Text(String),
    /// Another kind of value, by its name.
    Other(&'static str),
}

/// The values of an object by their paths, joined by dots.
#[derive(Default)]
struct Leaves {
    order: Vec<String>,
    values: HashMap<String, Leaf>,
}

impl Leaves {
    fn of(object: Map<String, Value>, text: &str) -> Self {
        let mut leaves = Self::default();
        let mut written = numbers(text).into_iter();
        // A key that stands twice is kept once: numbers are then written anew.
        let is_whole = written.len() == count_numbers(object.values());
        leaves.gather("", object, &mut || written.next().filter(|_| is_whole));
        leaves
    }

    fn gather<'t>(
        &mut self,
        place: &str,
        object: Map<String, Value>,
        written: &mut dyn FnMut() -> Option<&'t str>,
    ) {
        for (key, value) in object {
            let path = if place.is_empty() { key } else { format!("{place}.{key}") };
            let leaf = match value {
                Value::Object(object) => {
                    self.gather(&path, object, written);
                    Leaf::Other("an object")
                }
                Value::Array(items) => {
                    for _ in 0..count_numbers(&items) {
                        written();
                    }
                    Leaf::Other("a list")
                }
                Value::String(text) => Leaf::Text(text),
                Value::Number(number) => {
                    Leaf::Text(written().map_or_else(|| number.to_string(), str::to_owned))
                }
                Value::Bool(truth) => Leaf::Text(truth.to_string()),
                Value::Null => Leaf::Other("null"),
            };
            // A key with a dot in it comes before the same path of keys.
            if place.is_empty() || !self.values.contains_key(&path) {
                if !self.values.contains_key(&path) {
                    self.order.push(path.clone());
                }
                self.values.insert(path, leaf);
            }
        }
    }

    /// The paths of all texts; `None` when there is none.
    fn names(&self) -> Option<Vec<String>> {
        let is_text = |path: &&String| matches!(self.values.get(*path), Some(Leaf::Text(_)));
        let names: Vec<String> = self.order.iter().filter(is_text).cloned().collect();
        (!names.is_empty()).then_some(names)
    }

    fn take(&mut self, path: &str) -> Option<Leaf> {
        self.values.remove(path)
    }
}

/// The numbers of a sound JSON text as they are written, in their order.
fn numbers(text: &str) -> Vec<&str> {
    let (mut found, mut at) = (Vec::new(), 0);
    let bytes = text.as_bytes();
    while let Some(&byte) = bytes.get(at) {
        let rest = &bytes[at..];
        at += match byte {
            b'"' => string_length(rest),
            b'-' | b'0'..=b'9' => {
                let is_in = |byte: &&u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
                let length = rest.iter().take_while(is_in).count();
                found.push(&text[at..at + length]);
                length
            }
            _ => 1,
        };
    }
    found
}

/// Length of a JSON string in bytes, both of its marks counted.
fn string_length(bytes: &[u8]) -> usize {
    let mut at = 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn count_numbers<'v>(values: impl IntoIterator<Item = &'v Value>) -> usize {
    let count = |value: &Value| match value {
        Value::Number(_) => 1,
        Value::Array(items) => count_numbers(items),
        Value::Object(object) => count_numbers(object.values()),
        _ => 0,
    };
    values.into_iter().map(count).sum()
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use any2any_experiment::spec::{SplitFiles, TableFile};

    use super::super::testing::{check, gzip};

    fn split(file: &str, columns: &[&str]) -> SplitFiles {
        let columns = columns.iter().map(|&column| column.to_owned()).collect();
        SplitFiles::JsonLines(TableFile { file: file.into(), columns, delimiter: None })
    }

    #[test]
    fn objects() {
        let cases: &[(&str, &[&str], &str)] = &[
            (
                "{\"en\":\"one\",\"de\":\"eins\"}\n{\"de\":\"zwei\",\"en\":\"two\"}",
                &[],
                "en=one|two de=eins|zwei",
            ),
            ("{\"en\":\"one\",\"id\":7}\r\n", &[], "en=one id=7"),
            ("{\"en\":\"a\\u00e4\\n\"}\n", &[], "en=aä\n"),
            ("{\"en\":\"a\",\"de\":\"b\"}\n", &["de"], "de=b"),
            ("{\"en\":\"a\"}\n", &["eng"], "t:1: no field 'eng': did you mean 'en'? (known: en)"),
            (
                "{\"translation\":{\"de\":\"a\",\"en\":\"b\"}}\n{\"translation\":{\"en\":\"d\",\"de\":\"c\"}}\n",
                &[],
                "translation.de=a|c translation.en=b|d",
            ),
            ("{\"translation\":{\"de\":\"a\",\"en\":\"b\"}}\n", &["translation.en"], "translation.en=b"),
            (
                "{\"a\":{\"b\":{\"c\":1}},\"a.b.c\":\"own\",\"l\":[1,{\"x\":2}],\"n\":null}\n",
                &[],
                "a.b.c=own",
            ),
            (
                "{\"s\":\"-1 \\\" 2\",\"x\":1.50,\"l\":[3,4],\"y\":-1e-3,\"z\":123456789012345678901234567890,\"t\":true}\n",
                &[],
                "s=-1 \" 2 x=1.50 y=-1e-3 z=123456789012345678901234567890 t=true",
            ),
            ("{\"x\":1,\"x\":2}\n", &[], "x=2"),
            ("{\"en\":\"a\"}\n{\"En\":\"b\"}\n", &[], "en=a|<t:2: no field 'en'>"),
            (
                "{\"en\":\"a\"}\n{\"en\":null}\n{\"en\":3}\n",
                &[],
                "en=a|<t:2: field 'en' must be a string or a number, it is null>|3",
            ),
            (
                "{\"en\":\"a\"}\n{\"en\":[]}\n",
                &["en"],
                "en=a (1 of 2: t:2: field 'en' must be a string or a number, it is a list)",
            ),
            (
                "{\"en\":\"a\"}\n\n",
                &[],
                "en=a (1 of 2: t:2: an empty line; every line must hold one JSON object)",
            ),
            (
                "[1]\n{\"en\": \"a\"\n{\"en\": \"b\"}\n{\"en\": oops}\n",
                &[],
                "en=b (3 of 4: t:1: expected an object such as {\"en\": \"...\"}, found a list; \
                 t:2: column 10: EOF while parsing an object; t:4: column 8: expected value)",
            ),
            ("{\"en\": \"a\"\n", &[], "t:1: column 10: EOF while parsing an object"),
            ("{\"en\": oops}\n", &[], "t:1: column 8: expected value"),
            ("[1]\n", &[], "t:1: expected an object such as {\"en\": \"...\"}, found a list"),
            ("{\"id\":[7]}\n", &[], "t:1: the object has no field that is a string or a number"),
            ("", &[], "t: is empty"),
        ];
        for (text, columns, expected) in cases {
            check(&[("t", text.as_bytes())], &split("t", columns), expected);
        }
        check(&[("t.gz", &gzip(b"{\"en\":\"one\"}\n"))], &split("t.gz", &[]), "en=one");
    }
}
