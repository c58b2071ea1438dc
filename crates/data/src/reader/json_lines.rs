//! JSON Lines: an object a line.
//!
//! The fields are those of `columns`, each with the path of its value (`translation.de`, `answers.0`), or else the
//! strings, numbers, booleans and lists of whole numbers of the first object, also those inside of objects in it. A
//! list is read as its numbers with spaces between them, the text that a medium of ids takes from every other format.
//! An object that lacks one of `columns` is left out. One that lacks a field of the first object is not, since nobody
//! may read that field: it is an absent
//! value, which leaves the sample out where it is read. Other values of an object are ignored; whoever asks for one is
//! told its place.

mod leaves;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use any2any_experiment::spec::Columns;
use serde_json::Value;

pub(super) use self::leaves::value_at;
use self::leaves::{Leaf, Leaves, OBJECT};
use super::Sink;
use super::lines::{Lines, wrong, wrong_line};
use super::table::Table;
use crate::samples::{Absent, no_value};
use crate::{DataError, text};

/// Reads the objects of a file. `known` are the fields of the files before it, if there are any.
pub(super) fn read(
    path: &Path,
    columns: &Columns,
    known: &[String],
    (chunk, sink): (usize, &mut Sink<'_>),
) -> Result<(), DataError> {
    let lines = Lines::filled(path)?;
    let remark = lines.remark();
    let (names, paths): (Vec<&str>, Vec<&str>) = columns.list().into_iter().unzip();
    let names = match names.is_empty() {
        true => known.to_vec(),
        false => names.into_iter().map(str::to_owned).collect(),
    };
    let mut rows = Rows {
        path,
        shared: Arc::from(path),
        table: if names.is_empty() { None } else { Some(Table::new(path, 1, names)?) },
        absent: BTreeMap::new(),
        unread: BTreeMap::new(),
        early: Vec::new(),
    };
    for line in lines {
        let line = match line {
            Ok(line) => line,
            Err(error) => {
                // What the file gave before it broke is sound.
                rows.hand_out(sink)?;
                return Err(error);
            }
        };
        match line.text.and_then(|text| parse(path, line.number, &text, &paths)) {
            Ok(object) if paths.is_empty() => rows.push(line.number, object)?,
            Ok(object) => rows.push_whole(line.number, &object, &paths),
            Err(error) => rows.leave_out(error),
        }
        if rows.table.as_ref().is_some_and(|table| table.is_full(chunk)) {
            rows.hand_out(sink)?;
        }
    }
    let Rows { table, absent, unread, early, .. } = rows;
    match (table, early.into_iter().next()) {
        (Some(table), _) => sink(table.with_remark(remark).finish()?.with_absent(absent).with_unread(unread)),
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
    /// Values of the first object that make no field.
    unread: BTreeMap<String, Absent>,
    /// Errors of the lines before the first object.
    early: Vec<DataError>,
}

impl Rows<'_> {
    /// Hands out the rows so far.
    fn hand_out(&mut self, sink: &mut Sink<'_>) -> Result<(), DataError> {
        let Some(table) = &mut self.table else { return Ok(()) };
        let absent = std::mem::take(&mut self.absent);
        sink(table.take()?.with_absent(absent).with_unread(self.unread.clone()))
    }

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
                    let reason =
                        "the object has no field that is a string, a number or a list of whole numbers";
                    self.early.push(wrong_line(self.path, line, reason));
                    return Ok(());
                };
                let unread = |found| Absent { path: self.shared.clone(), line, found: Some(found) };
                self.unread = object.others().map(|(name, found)| (name.to_owned(), unread(found))).collect();
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

    /// Adds an object that must have a value at every path.
    fn push_whole(&mut self, line: usize, object: &Leaves, paths: &[&str]) {
        let Some(table) = &mut self.table else { return };
        let path = self.path;
        let cells = paths.iter().map(|name| match object.get(name) {
            Some(Leaf::Text(text)) => Ok(text.clone()),
            Some(Leaf::Other(kind)) => Err(wrong_line(path, line, no_value(name, kind))),
            None => {
                let reason = format!("no field '{name}': {}", text::known(name, &object.order));
                Err(wrong_line(path, line, reason))
            }
        });
        let cells = cells.collect();
        table.push(line, cells);
    }
}

/// Parses an object; `wanted` are the paths of its values, which may lead into lists.
fn parse(path: &Path, line: usize, text: &str, wanted: &[&str]) -> Result<Leaves, DataError> {
    if text.trim().is_empty() {
        return Err(wrong_line(path, line, "an empty line; every line must hold one JSON object"));
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(Leaves::of(object, text, wanted)),
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

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => OBJECT,
    }
}

#[cfg(test)]
mod tests {
    use any2any_experiment::spec::{Columns, Records, SplitFiles};

    use super::super::testing::{check, gzip};

    fn split(file: &str, columns: &[&str]) -> SplitFiles {
        let columns = columns.iter().map(|&column| column.to_owned()).collect();
        SplitFiles::JsonLines(Records::of(file).with_columns(Columns::Paths(columns)))
    }

    #[test]
    fn values_are_found_by_their_paths() {
        let lines = "{\"id\":7,\"answers\":{\"text\":[\"a\",\"b\"],\"start\":[1,20]},\"turns\":[{\"says\":\"hi\"},[1.50,[2]]]}\n";
        let cases = [
            ("answers.text.0", "x=a"),
            ("answers.text.1", "x=b"),
            ("answers.start", "x=1 20"),
            ("answers.start.1", "x=20"),
            ("turns.0.says", "x=hi"),
            ("turns.1.0", "x=1.50"),
            ("turns.1.1", "x=2"),
            ("turns.1.1.0", "x=2"),
            ("answers.text.2", "t:1: no field 'answers.text.2': did you mean 'answers.text'?"),
            ("answers.text.x", "t:1: no field 'answers.text.x': did you mean 'answers.text'?"),
            (
                "answers.text",
                "t:1: field 'answers.text' must be a string, a number or a list of whole numbers, it is a list that \
                 holds a string",
            ),
        ];
        for (path, expected) in cases {
            let named = [("x".to_owned(), path.to_owned())].into();
            let split = SplitFiles::JsonLines(Records::of("t").with_columns(Columns::Named(named)));
            let known = " (known: id, answers.text, answers.start, answers, turns)";
            let expected =
                if expected.ends_with('?') { format!("{expected}{known}") } else { expected.to_owned() };
            check(&[("t", lines.as_bytes())], &split, &expected);
        }
        // Two fields of one path, and one column twice.
        let named = [("x".to_owned(), "id".to_owned()), ("y".to_owned(), "id".to_owned())].into();
        let split = SplitFiles::JsonLines(Records::of("t").with_columns(Columns::Named(named)));
        check(&[("t", lines.as_bytes())], &split, "x=7 y=7");
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
                "s=-1 \" 2 x=1.50 l=3 4 y=-1e-3 z=123456789012345678901234567890 t=true",
            ),
            ("{\"x\":1,\"x\":2}\n", &[], "x=2"),
            ("{\"en\":\"a\"}\n{\"En\":\"b\"}\n", &[], "en=a|<t:2: no field 'en'>"),
            (
                "{\"en\":\"a\"}\n{\"en\":null}\n{\"en\":3}\n",
                &[],
                "en=a|<t:2: field 'en' must be a string, a number or a list of whole numbers, it is null>|3",
            ),
            (
                "{\"en\":\"a\"}\n{\"en\":[\"b\"]}\n",
                &["en"],
                "en=a (1 of 2: t:2: field 'en' must be a string, a number or a list of whole numbers, it is a list that \
                 holds a string)",
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
            (
                "{\"id\":[[7]]}\n",
                &[],
                "t:1: the object has no field that is a string, a number or a list of whole numbers",
            ),
            (
                "{\"ids\":[1,20, -3],\"x\":0.50}\n{\"x\":[12345678901234567890123],\"ids\":\"4 5\"}\n{\"ids\":[],\"x\":1}\n",
                &[],
                "ids=1 20 -3|4 5| x=0.50|12345678901234567890123|1",
            ),
            ("{\"in\":{\"ids\":[1,2]},\"l\":[{\"x\":3}],\"y\":4.0}\n", &[], "in.ids=1 2 y=4.0"),
            // A key that stands twice: numbers are written anew.
            ("{\"ids\":[1],\"ids\":[2,3]}\n", &[], "ids=2 3"),
            ("", &[], "t: is empty"),
        ];
        for (text, columns, expected) in cases {
            check(&[("t", text.as_bytes())], &split("t", columns), expected);
        }
        check(&[("t.gz", &gzip(b"{\"en\":\"one\"}\n"))], &split("t.gz", &[]), "en=one");
    }
    #[test]
    fn lists_of_other_things_are_named() {
        for (list, found) in [
            ("[1, 2.0]", "a number with a fraction or an exponent"),
            ("[1e3]", "a number with a fraction or an exponent"),
            ("[1, \"2\"]", "a string"),
            ("[1, true]", "a boolean"),
            ("[null]", "null"),
            ("[[1], [2]]", "a list"),
            ("[{\"id\": 1}]", "an object"),
        ] {
            let reason = format!(
                "field 'ids' must be a string, a number or a list of whole numbers, it is a list that holds {found}"
            );
            // In a later object the sample is left out where the field is read.
            let lines = format!("{{\"ids\":[1],\"x\":5}}\n{{\"ids\":{list},\"x\":6}}\n");
            check(&[("t", lines.as_bytes())], &split("t", &[]), &format!("ids=1|<t:2: {reason}> x=5|6"));
            // In the first object it is no field, which only matters to those that ask for it.
            let folder = tempfile::tempdir().expect("a temporary folder");
            let path = folder.path().join("t");
            std::fs::write(&path, format!("{{\"ids\":{list},\"x\":6}}\n")).expect("written");
            let samples = super::super::read(&split("t", &[]), folder.path()).expect("the other field");
            assert_eq!(samples.fields().collect::<Vec<_>>(), ["x"]);
            for samples in [&samples, &samples.select(&[0, 0])] {
                let error = samples.require("ids").expect_err("no value").to_string();
                assert_eq!(error, format!("{}:1: {reason}", path.display()));
            }
        }
    }
}
