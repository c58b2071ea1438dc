//! Table of rows gathered into columns, shared by TSV, CSV and JSON Lines.

use std::path::Path;

use any2any_adapter::Value;

use super::lines::{wrong, wrong_line};
use crate::{Broken, DataError, Flaws, Samples};
use any2any_adapter::grouped;

/// Columns that grow row by row, beside the rows that cannot be read.
pub(super) struct Table<'a> {
    path: &'a Path,
    names: Vec<String>,
    columns: Vec<Vec<Value>>,
    broken: Broken,
    first: Option<DataError>,
    remarks: Vec<String>,
    /// Number of rows that were handed out already.
    handed_out: usize,
}

impl<'a> Table<'a> {
    /// A table without rows. `line` is the line of its names.
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
        let (broken, first, remarks) = (Broken::default(), None, Vec::new());
        Ok(Self { path, names, columns, broken, first, remarks, handed_out: 0 })
    }

    /// The table with a remark about its file.
    pub(super) fn with_remark(mut self, remark: Option<String>) -> Self {
        self.remarks.extend(remark);
        self
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// Number of rows.
    pub(super) fn len(&self) -> usize {
        self.columns.first().map_or(0, Vec::len)
    }

    /// Adds a row, if it can be read and has a cell for every column; otherwise leaves it out.
    pub(super) fn push(&mut self, line: usize, cells: Result<Vec<String>, DataError>) {
        match cells.and_then(|cells| self.fitting(line, cells)) {
            Ok(cells) => self.add(cells),
            Err(error) => self.leave_out(error),
        }
    }

    /// Adds a row of as many cells as there are columns.
    pub(super) fn add(&mut self, cells: Vec<String>) {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.push(Value::from(cell));
        }
    }

    /// Counts a row that cannot be read.
    pub(super) fn leave_out(&mut self, error: DataError) {
        self.broken.add(&error);
        self.first.get_or_insert(error);
    }

    fn fitting(&self, line: usize, cells: Vec<String>) -> Result<Vec<String>, DataError> {
        if cells.len() == self.names.len() {
            return Ok(cells);
        }
        let reason = if cells.iter().all(String::is_empty) && cells.len() < 2 {
            "an empty line".to_owned()
        } else {
            counted(cells.len(), "column") + " here"
        };
        let reason = format!("{reason}, but there are {} ({})", self.names.len(), self.names.join(", "));
        Err(wrong_line(self.path, line, reason))
    }

    /// True if so many rows are here that they should be handed out.
    pub(super) fn is_full(&self, chunk: usize) -> bool {
        self.len() >= chunk
    }

    /// The rows so far, which the table then lacks.
    pub(super) fn take(&mut self) -> Result<Samples, DataError> {
        self.handed_out += self.len();
        let mut broken = std::mem::take(&mut self.broken);
        broken.of = self.len() + broken.count;
        let flaws = Flaws { broken, remarks: std::mem::take(&mut self.remarks), ..Flaws::default() };
        let columns = self.columns.iter_mut().map(std::mem::take);
        Samples::new(self.names.iter().cloned().zip(columns).collect())
            .map(|samples| samples.with_flaws(flaws))
            .ok_or_else(|| wrong(self.path, "its columns differ in length"))
    }

    /// The last rows.
    ///
    /// # Errors
    ///
    /// When there has been no row at all.
    pub(super) fn finish(mut self) -> Result<Samples, DataError> {
        if self.len() == 0 && self.handed_out == 0 {
            return Err(self.first.unwrap_or_else(|| wrong(self.path, "has no rows, only a header")));
        }
        self.take()
    }
}

fn counted(number: usize, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number), if number == 1 { "" } else { "s" })
}
