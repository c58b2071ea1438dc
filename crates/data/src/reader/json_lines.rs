//! JSON Lines: an object a line.
//!
//! The fields are those of `columns`, or else the strings of the first object. Every later object must have
//! them as strings; whatever else it holds is left alone.

use std::path::Path;

use serde_json::{Map, Value};

use super::lines::{Lines, wrong_line};
use super::table::Table;
use crate::{DataError, Samples, text};

pub(super) fn read(path: &Path, columns: &[String]) -> Result<Samples, DataError> {
    let mut table = if columns.is_empty() { None } else { Some(Table::new(path, 1, columns.to_vec())?) };
    for line in Lines::open(path)? {
        let (line, text) = line?;
        let mut object = parse(path, line, &text)?;
        let table = match &mut table {
            Some(table) => table,
            None => table.insert(Table::new(path, line, strings(path, line, &object)?)?),
        };
        let cells =
            table.names().iter().map(|name| take(path, line, &mut object, name)).collect::<Result<_, _>>()?;
        table.push(line, cells)?;
    }
    table.map_or_else(|| Err(super::lines::wrong(path, "has no rows")), Table::finish)
}

fn parse(path: &Path, line: usize, text: &str) -> Result<Map<String, Value>, DataError> {
    if text.trim().is_empty() {
        return Err(wrong_line(path, line, "an empty line; every line must hold one JSON object"));
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(object),
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

fn strings(path: &Path, line: usize, object: &Map<String, Value>) -> Result<Vec<String>, DataError> {
    let names: Vec<String> =
        object.iter().filter(|(_, value)| value.is_string()).map(|(name, _)| name.clone()).collect();
    if names.is_empty() {
        return Err(wrong_line(path, line, "the object has no field that is a string"));
    }
    Ok(names)
}

fn take(path: &Path, line: usize, object: &mut Map<String, Value>, name: &str) -> Result<String, DataError> {
    match object.get_mut(name).map(Value::take) {
        Some(Value::String(text)) => Ok(text),
        Some(other) => {
            Err(wrong_line(path, line, format!("field '{name}' must be a string, it is {}", kind(&other))))
        }
        None => {
            let there: Vec<String> = object.keys().cloned().collect();
            Err(wrong_line(path, line, format!("no field '{name}': {}", text::known(name, &there))))
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
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use any2any_experiment::spec::{SplitFiles, TableFile};

    use super::super::testing::{check, gzip};

    fn split(file: &str, columns: &[&str]) -> SplitFiles {
        let columns = columns.iter().map(|&column| column.to_owned()).collect();
        SplitFiles::JsonLines(TableFile { file: file.into(), columns })
    }

    #[test]
    fn objects() {
        let cases: &[(&str, &[&str], &str)] = &[
            (
                "{\"en\":\"one\",\"de\":\"eins\"}\n{\"de\":\"zwei\",\"en\":\"two\"}",
                &[],
                "en=one|two de=eins|zwei",
            ),
            ("{\"en\":\"one\",\"id\":7}\r\n", &[], "en=one"),
            ("{\"en\":\"a\\u00e4\\n\"}\n", &[], "en=aä\n"),
            ("{\"en\":\"a\",\"de\":\"b\"}\n", &["de"], "de=b"),
            ("{\"en\":\"a\"}\n", &["eng"], "t:1: no field 'eng': did you mean 'en'? (known: en)"),
            ("{\"en\":\"a\"}\n{\"En\":\"b\"}\n", &[], "t:2: no field 'en': did you mean 'En'? (known: En)"),
            ("{\"en\":\"a\"}\n{\"en\":3}\n", &[], "t:2: field 'en' must be a string, it is a number"),
            ("{\"en\":\"a\"}\n\n", &[], "t:2: an empty line; every line must hold one JSON object"),
            ("{\"en\": \"a\"\n", &[], "t:1: column 10: EOF while parsing an object"),
            ("{\"en\": oops}\n", &[], "t:1: column 8: expected value"),
            ("[1]\n", &[], "t:1: expected an object such as {\"en\": \"...\"}, found a list"),
            ("{\"id\":7}\n", &[], "t:1: the object has no field that is a string"),
            ("", &[], "t: is empty"),
        ];
        for (text, columns, expected) in cases {
            check(&[("t", text.as_bytes())], &split("t", columns), expected);
        }
        check(&[("t.gz", &gzip(b"{\"en\":\"one\"}\n"))], &split("t.gz", &[]), "en=one");
    }
}
