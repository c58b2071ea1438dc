//! Files of records whose values have paths: JSON Lines, Parquet and Arrow.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Shards;
use super::problem::Problem;

/// Files of records: objects of JSON Lines, rows of Parquet or Arrow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Records {
    /// The file, or several.
    pub file: Shards,
    /// The values to read; left out, all that can be read, each under its path.
    #[serde(default, skip_serializing_if = "Columns::is_empty")]
    pub columns: Columns,
}

/// The values that are read from each record, by their paths: the names on the way to them, with dots between them. A
/// number picks from a list, counted from 0: `answers.text.0`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Columns {
    /// The paths, which are the names of the fields too: `[translation.en, translation.de]`.
    Paths(Vec<String>),
    /// The path of each field: `{ en: translation.en, de: translation.de }`.
    Named(BTreeMap<String, String>),
}

impl Records {
    /// All values of some files.
    pub fn of(file: impl Into<Shards>) -> Self {
        Self { file: file.into(), columns: Columns::default() }
    }

    /// The same files with only these values.
    #[must_use]
    pub fn with_columns(self, columns: Columns) -> Self {
        Self { columns, ..self }
    }

    pub(super) fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        let columns = self.columns.list();
        for (index, (field, path)) in columns.iter().enumerate() {
            let key = match &self.columns {
                Columns::Paths(_) => index.to_string(),
                Columns::Named(_) => (*field).to_owned(),
            };
            let pointer = crate::node::below("/columns", &key);
            if path.is_empty() || field.is_empty() {
                let help =
                    "write the names on the way to the value, with dots between them: `translation.de`";
                found.push(Problem::new(pointer, "a path that is empty leads to no value", help));
            } else if columns[..index].iter().any(|(earlier, _)| earlier == field) {
                let message = format!("two columns are called `{field}`");
                found.push(Problem::new(pointer, message, "give each its own name"));
            }
        }
        found
    }
}

impl Default for Columns {
    fn default() -> Self {
        Self::Paths(Vec::new())
    }
}

impl Columns {
    /// True if none is named.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Paths(paths) => paths.is_empty(),
            Self::Named(named) => named.is_empty(),
        }
    }

    /// The fields, each with the path of its value.
    pub fn list(&self) -> Vec<(&str, &str)> {
        match self {
            Self::Paths(paths) => paths.iter().map(|path| (path.as_str(), path.as_str())).collect(),
            Self::Named(named) => named.iter().map(|(field, path)| (field.as_str(), path.as_str())).collect(),
        }
    }
}
