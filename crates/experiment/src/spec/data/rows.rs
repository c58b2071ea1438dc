//! Samples derived from the samples of other files: repeated, chosen, and given further fields.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problem::{Problem, pattern};
use super::{File, SplitFiles, Texts};

/// Samples of other files: repeated (`each`), chosen (`where`, `except`), given further texts (`words`) and the files
/// that they name (`files`), in this order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Rows {
    /// The files of the samples to start from.
    pub from: SplitFiles,
    /// Repeats every sample once for each value, which stands in a new field of this name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub each: BTreeMap<String, Vec<String>>,
    /// Keeps the samples whose fields have one of these values. A field may be named by another: `"{artist}": "1"`
    /// reads the field that the field `artist` names.
    #[serde(default, rename = "where", skip_serializing_if = "BTreeMap::is_empty")]
    pub keep: BTreeMap<String, Texts>,
    /// Leaves out the samples of which any of these fields has one of these values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub except: BTreeMap<String, Texts>,
    /// New fields: other fields with their values replaced by words.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub words: BTreeMap<String, Words>,
    /// New fields: files, or parts of files, that other fields name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, PartOfFile>,
}

/// A field whose values are replaced by words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Words {
    /// The field to read.
    #[schemars(length(min = 1))]
    pub from: String,
    /// The word for each of the field's values; others stay as they are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub map: BTreeMap<String, String>,
}

/// A file named by the fields of a sample. Every text may have placeholders: `sheet_{artist}_32.png`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PartOfFile {
    /// The file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<File>")]
    pub file: Option<PathBuf>,
    /// The archive (`.tar`, `.tar.gz`, `.tgz` or `.zip`) that contains `member`; it has no placeholders.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<File>")]
    pub archive: Option<PathBuf>,
    /// The member of the archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// The part of the file; left out, the whole file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<FilePart>,
}

/// A part of a file. Numbers are texts with placeholders, and may have `*` and `+`: `"{column}*32+1"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FilePart {
    /// A rectangle of a picture.
    Rectangle(Rectangle),
    /// A square cell of a picture that is a sheet of such cells.
    Cell(Cell),
    /// The rest of a recording from this sample on, counted from 0.
    Sample(String),
    /// The rest of a recording from this second on.
    Second(String),
    /// One of the arrays of a file of arrays, counted from 0.
    Item(String),
}

/// A rectangle of a picture, in pixels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rectangle {
    /// The distance from the left edge of the picture.
    pub left: String,
    /// The distance from the top edge of the picture.
    pub top: String,
    /// The width.
    pub width: String,
    /// The height.
    pub height: String,
}

/// A cell of a sheet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// The number of cells to the left.
    pub column: String,
    /// The number of cells above.
    pub row: String,
    /// The width and height of every cell, in pixels.
    #[schemars(range(min = 1))]
    pub size: usize,
}

impl Rows {
    pub(super) fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        Problem::below(&mut found, "/from", self.from.problems());
        for (field, values) in &self.each {
            if values.is_empty() {
                let help = "give the field the values that every sample is repeated for";
                found.push(Problem::new(below("/each", field), format!("`{field}` has no value"), help));
            }
        }
        for (place, conditions) in [("/where", &self.keep), ("/except", &self.except)] {
            for key in conditions.keys() {
                found.extend(pattern(&below(place, key), key));
            }
        }
        for (field, file) in &self.files {
            Problem::below(&mut found, &below("/files", field), file.problems());
        }
        let new: Vec<_> = self.new_fields().collect();
        let known = self.from.fields().unwrap_or_default();
        for (index, (place, field)) in new.iter().enumerate() {
            if known.contains(field) || new[..index].iter().any(|(_, earlier)| earlier == field) {
                let message = format!("two fields are called `{field}`");
                found.push(Problem::new(below(place, field), message, "give each its own name"));
            }
        }
        found
    }

    pub(super) fn fields(&self) -> Option<Vec<String>> {
        let mut fields = self.from.fields()?;
        fields.extend(self.new_fields().map(|(_, field)| field.clone()));
        Some(fields)
    }

    fn new_fields(&self) -> impl Iterator<Item = (&'static str, &String)> {
        let each = self.each.keys().map(|field| ("/each", field));
        let words = self.words.keys().map(|field| ("/words", field));
        each.chain(words).chain(self.files.keys().map(|field| ("/files", field)))
    }
}

impl PartOfFile {
    fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        let help = "give either `file`, or `archive` and its `member`";
        match (&self.file, &self.archive, &self.member) {
            (Some(_), None, None) | (None, Some(_), Some(_)) => {}
            (Some(_), _, _) => {
                found.push(Problem::new("/file", "`file` cannot stand beside an archive", help));
            }
            (None, _, _) => found.push(Problem::new("", "this names no file", help)),
        }
        let file = self.file.as_ref().and_then(|file| file.to_str());
        found.extend(file.and_then(|file| pattern("/file", file)));
        found.extend(self.member.as_ref().and_then(|member| pattern("/member", member)));
        for (pointer, text) in self.part.iter().flat_map(FilePart::numbers) {
            found.extend(pattern(&format!("/part{pointer}"), text));
        }
        found
    }
}

impl FilePart {
    fn numbers(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::Rectangle(Rectangle { left, top, width, height }) => vec![
                ("/rectangle/left", left),
                ("/rectangle/top", top),
                ("/rectangle/width", width),
                ("/rectangle/height", height),
            ],
            Self::Cell(Cell { column, row, .. }) => vec![("/cell/column", column), ("/cell/row", row)],
            Self::Sample(number) => vec![("/sample", number)],
            Self::Second(number) => vec![("/second", number)],
            Self::Item(number) => vec![("/item", number)],
        }
    }
}

fn below(place: &str, key: &str) -> String {
    crate::node::below(place, key)
}
