//! Rows gathered into columns: what TSV, CSV and JSON Lines share.

use std::path::Path;

use any2any_adapter::Value;

use super::lines::{wrong, wrong_line};
use crate::text::grouped;
use crate::{DataError, Samples};

/// Columns that grow row by row.
pub(super) struct Table<'a> {
    path: &'a Path,
    names: Vec<String>,
    columns: Vec<Vec<Value>>,
}

impl<'a> Table<'a> {
    /// A table without rows. `line` is where its names stand.
    pub(super) fn new(path: &'a Path, line: usize, names: Vec<String>) -> Result<Self, DataError> {
        for (index, name) in names.iter().enumerate() {
            if name.is_empty() {
                let reason = format!("column {} has no name; name every column in the first line", index + 1);
                return Err(wrong_line(path, line, reason));
            }
            if names[..index].contains(name) {
                let reason = format!("two columns are called '{name}'; give each its own name");
                return Err(wrong_line(path, line, reason));
            }
        }
        let columns = names.iter().map(|_| Vec::new()).collect();
        Ok(Self { path, names, columns })
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// Adds a row, which must have a cell for every column.
    pub(super) fn push(&mut self, line: usize, cells: Vec<String>) -> Result<(), DataError> {
        if cells.len() != self.names.len() {
            let reason = format!(
                "{} here, but there are {} ({})",
                counted(cells.len(), "column"),
                self.names.len(),
                self.names.join(", ")
            );
            return Err(wrong_line(self.path, line, reason));
        }
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.push(Value::from(cell));
        }
        Ok(())
    }

    /// The finished samples.
    pub(super) fn finish(self) -> Result<Samples, DataError> {
        if self.columns.first().is_none_or(Vec::is_empty) {
            return Err(wrong(self.path, "has no rows, only a header"));
        }
        let path = self.path;
        Samples::new(self.names.into_iter().zip(self.columns).collect())
            .ok_or_else(|| wrong(path, "its columns differ in length"))
    }
}

fn counted(number: usize, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number), if number == 1 { "" } else { "s" })
}
