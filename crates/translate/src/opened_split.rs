//! Opened values of a split, as a medium gives them to an adapter.

use std::fmt;

use any2any_adapter::{AdapterError, File, OpenedValue, Value};
use any2any_data::{Broken, Flaws, Samples};
use any2any_run::{Columns, Role, RunError, TaskSide, TaskSides};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::references;

/// The opened values of a split, of every sample that both sides can read.
#[non_exhaustive]
pub struct OpenedSplit {
    /// The numbers of the samples in their split, from 0.
    pub samples: Vec<usize>,
    /// The source of each of `samples`; none if the task has no source.
    pub sources: Vec<Value>,
    /// The target of each of `samples`.
    pub targets: Vec<Value>,
    /// Further references: sets of them, each with one for each of `samples`.
    pub alternatives: Vec<Vec<Value>>,
    /// The samples that cannot be read.
    pub broken: Broken,
    /// Warnings about samples that can be read.
    pub warnings: Warnings,
    /// Flaws of the files; lines and rows that cannot be read are in `broken` too.
    pub flaws: Flaws,
    /// True if both sides are meant to be equal.
    pub copies: bool,
    /// The files that the values of each side were read from; none of a side whose values are no files.
    files: Files,
    /// The bytes of the files of every sample, those counted that cannot be read.
    file_bytes: Vec<u64>,
}

/// Files that opened values were read from, to name them in messages.
#[derive(Default)]
struct Files {
    sources: Vec<Option<File>>,
    targets: Vec<Option<File>>,
}

impl Files {
    fn add(files: &mut Vec<Option<File>>, row: usize, unread: &Value) {
        if let Value::File(file) = unread {
            files.resize(row, None);
            files.push(Some(file.clone()));
        }
    }
}

/// The reason why a sample cannot be read, with its side and its number from 1.
pub(crate) fn named(role: Role, sample: usize, reason: impl fmt::Display) -> String {
    format!("{} {}: {reason}", role.word(), sample + 1)
}

/// The most different warnings that are counted separately: some name a value of each sample.
const ODDITIES: usize = 10;

/// Warnings about samples that are read in spite of them, each counted.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Warnings {
    /// Each warning, the number of its samples, and the first of them.
    pub found: Vec<(String, usize, String)>,
    /// The number of further warnings.
    pub more: usize,
}

impl Warnings {
    /// The value of a sample, whose warnings are counted. `unread` is the value as the data has it, which may be a file
    /// with a name.
    fn of(&mut self, role: Role, sample: usize, unread: &Value, opened: OpenedValue) -> Value {
        for warning in opened.warnings {
            match self.found.iter().position(|(known, ..)| *known == warning) {
                Some(place) => self.found[place].1 += 1,
                None if self.found.len() == ODDITIES => self.more += 1,
                None => {
                    let name = match unread {
                        Value::File(file) => format!(" ({file})"),
                        _ => String::new(),
                    };
                    self.found.push((warning, 1, format!("{} {}{name}", role.word(), sample + 1)));
                }
            }
        }
        opened.value
    }
}

impl Warnings {
    /// Adds the warnings about further samples.
    pub(crate) fn merge(&mut self, other: Self) {
        for (warning, count, first) in other.found {
            match self.found.iter().position(|(known, ..)| *known == warning) {
                Some(place) => self.found[place].1 += count,
                None if self.found.len() == ODDITIES => self.more += count,
                None => self.found.push((warning, count, first)),
            }
        }
        self.more += other.more;
    }
}

impl fmt::Display for Warnings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (warning, count, first)) in self.found.iter().enumerate() {
            let parted = if place == 0 { "" } else { "; " };
            match count {
                1 => write!(f, "{parted}{first}: {warning}")?,
                _ => write!(f, "{parted}{count} samples, the first {first}: {warning}")?,
            }
        }
        match self.more {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

/// Rows of samples, opened one by one.
pub(crate) struct Rows<'a> {
    samples: &'a Samples,
    task: &'a TaskSides,
    columns: Columns<'a>,
}

/// The opened values of a sample.
pub(crate) struct OpenedRow {
    /// The source; `None` of a task without one.
    pub(crate) source: Option<OpenedValue>,
    pub(crate) target: OpenedValue,
}

impl<'a> Rows<'a> {
    /// The rows of samples.
    ///
    /// # Errors
    ///
    /// If a field is missing.
    pub(crate) fn of(samples: &'a Samples, task: &'a TaskSides) -> Result<Self, RunError> {
        Ok(Self { samples, task, columns: task.columns(samples)? })
    }

    /// Opens both sides of a sample.
    pub(crate) fn open(&self, row: usize) -> Result<OpenedRow, (Role, AdapterError)> {
        let present = |role: Role, side: &TaskSide| match self.samples.absent(&side.fields, row) {
            Some(reason) => Err((role, AdapterError::Value { reason })),
            None => Ok(()),
        };
        if let Some(side) = &self.task.source {
            present(Role::Source, side)?;
        }
        present(Role::Target, &self.task.target)?;
        let open =
            |role: Role, side: &TaskSide| side.open(self.unread(role, row)).map_err(|error| (role, error));
        let source = self.task.source.as_ref().map(|side| open(Role::Source, side)).transpose()?;
        Ok(OpenedRow { source, target: open(Role::Target, &self.task.target)? })
    }

    /// The value of a side as the data has it.
    pub(crate) fn unread(&self, role: Role, row: usize) -> &Value {
        match (role, &self.columns.sources) {
            (Role::Source, Some(sources)) => &sources[row],
            _ => &self.columns.targets[row],
        }
    }

    /// True if both sides are meant to be equal.
    pub(crate) fn are_copies(&self) -> bool {
        self.task.source.as_ref().is_some_and(|source| source.fields == self.task.target.fields)
    }

    /// The values of an opened sample, whose warnings are counted; `first` is the number of the first row's sample.
    pub(crate) fn warn(
        &self,
        warnings: &mut Warnings,
        (first, row): (usize, usize),
        OpenedRow { source, target }: OpenedRow,
    ) -> (Option<Value>, Value) {
        let mut value = |role, opened| warnings.of(role, first + row, self.unread(role, row), opened);
        (source.map(|source| value(Role::Source, source)), value(Role::Target, target))
    }
}

/// The lines of a split that cannot be read, among all lines and samples.
pub(crate) fn lines_and_rows(samples: &Samples) -> Broken {
    let mut broken = samples.flaws().broken.clone();
    // Lines that cannot be read are no samples.
    broken.of = broken.count + samples.len();
    broken
}

impl OpenedSplit {
    /// Opens every sample of a split; those that cannot be read are left out and counted.
    ///
    /// # Errors
    ///
    /// If a field is missing, or no sample at all can be read.
    pub fn new(samples: &Samples, task: &TaskSides) -> Result<Self, RunError> {
        let all: Vec<usize> = (0..samples.len()).collect();
        let (mut opened, first) = Self::of_rows(samples, task, &all)?;
        if let (Some(error), true) = (first, opened.samples.is_empty()) {
            return Err(error);
        }
        // Lines that cannot be read come first.
        let rows = std::mem::replace(&mut opened.broken, lines_and_rows(samples));
        opened.broken.merge(&rows);
        Ok(opened)
    }

    /// Opens some samples, by their numbers in their split, beside the error of the first that cannot be read. Those that
    /// cannot be are counted, but not among how many, and without the lines that are no samples.
    ///
    /// # Errors
    ///
    /// If a field is missing, or a further reference cannot be read.
    pub(crate) fn of_rows(
        samples: &Samples,
        task: &TaskSides,
        numbers: &[usize],
    ) -> Result<(Self, Option<RunError>), RunError> {
        let rows = Rows::of(samples, task)?;
        let fields = task.fields();
        let pairs: Vec<_> = numbers.par_iter().map(|&row| rows.open(row)).collect();
        let mut opened = Self {
            samples: Vec::with_capacity(pairs.len()),
            sources: Vec::new(),
            targets: Vec::with_capacity(pairs.len()),
            alternatives: Vec::new(),
            broken: Broken::default(),
            warnings: Warnings::default(),
            flaws: samples.flaws().clone(),
            copies: rows.are_copies(),
            files: Files::default(),
            file_bytes: numbers.iter().map(|&row| samples.bytes_of_files(&fields, row, 0)).collect(),
        };
        let mut first = None;
        for (&row, pair) in numbers.iter().zip(pairs) {
            match pair {
                Ok(pair) => {
                    let place = opened.samples.len();
                    opened.samples.push(row);
                    if pair.source.is_some() {
                        Files::add(&mut opened.files.sources, place, rows.unread(Role::Source, row));
                    }
                    Files::add(&mut opened.files.targets, place, rows.unread(Role::Target, row));
                    let (source, target) = rows.warn(&mut opened.warnings, (0, row), pair);
                    opened.sources.extend(source);
                    opened.targets.push(target);
                }
                Err((role, source)) => {
                    opened.broken.add(named(role, row, &source));
                    let side = format!("{} {}", task.name, role.word());
                    first.get_or_insert(RunError::Adapter { side, source });
                }
            }
        }
        opened.alternatives = references::of_fields(samples, task, &opened.samples)?;
        Ok((opened, first))
    }

    /// The sample at a place of `samples`, in words: its side, its number from 1, and its file if it was read from one.
    pub(crate) fn sample(&self, role: Role, place: usize) -> String {
        let files = match role {
            Role::Source => &self.files.sources,
            Role::Target => &self.files.targets,
        };
        let number = self.samples[place] + 1;
        match files.get(place) {
            Some(Some(file)) => format!("{} {number} ({file})", role.word()),
            _ => format!("{} {number}", role.word()),
        }
    }

    /// The bytes of the files that each sample of the split was read from, those counted that cannot be read.
    pub fn file_bytes(&self) -> &[u64] {
        &self.file_bytes
    }

    /// The values of a side.
    pub fn values(&self, role: Role) -> &[Value] {
        match role {
            Role::Source => &self.sources,
            Role::Target => &self.targets,
        }
    }
}
