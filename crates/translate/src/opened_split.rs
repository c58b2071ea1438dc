//! Opened values of a split, as a medium gives them to an adapter.

use std::fmt;

use any2any_adapter::{AdapterError, File, OpenedValue, Value};
use any2any_data::{Broken, Flaws, Samples};
use any2any_run::{Role, RunError, TaskSide, TaskSides};
use rayon::prelude::*;

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
#[derive(Clone, Debug, Default)]
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

impl OpenedSplit {
    /// Opens every sample of a split; those that cannot be read are left out and counted.
    ///
    /// # Errors
    ///
    /// If a field is missing, or no sample at all can be read.
    pub fn new(samples: &Samples, task: &TaskSides) -> Result<Self, RunError> {
        let source = task.source.as_ref();
        let sources = source.map(|side| side.column(samples)).transpose()?;
        let targets = task.target.column(samples)?;
        let present = |role: Role, side: &TaskSide, row: usize| match samples.absent(&side.fields, row) {
            Some(reason) => Err((role, AdapterError::Value { reason })),
            None => Ok(()),
        };
        let open = |row: usize| -> Result<(Option<OpenedValue>, OpenedValue), (Role, AdapterError)> {
            if let Some(side) = source {
                present(Role::Source, side, row)?;
            }
            present(Role::Target, &task.target, row)?;
            let source = match (source, &sources) {
                (Some(side), Some(values)) => {
                    Some(side.open(&values[row]).map_err(|error| (Role::Source, error))?)
                }
                _ => None,
            };
            let target = task.target.open(&targets[row]).map_err(|error| (Role::Target, error))?;
            Ok((source, target))
        };
        let pairs: Vec<_> = (0..targets.len()).into_par_iter().map(open).collect();
        let mut opened = Self {
            samples: Vec::with_capacity(pairs.len()),
            sources: Vec::new(),
            targets: Vec::with_capacity(pairs.len()),
            alternatives: Vec::new(),
            broken: samples.flaws().broken.clone(),
            warnings: Warnings::default(),
            flaws: samples.flaws().clone(),
            copies: source.is_some_and(|source| source.fields == task.target.fields),
            files: Files::default(),
        };
        opened.broken.of = pairs.len() + opened.broken.count;
        let mut first = None;
        for (row, pair) in pairs.into_iter().enumerate() {
            match pair {
                Ok((source, target)) => {
                    let place = opened.samples.len();
                    opened.samples.push(row);
                    if let Some(values) = &sources {
                        Files::add(&mut opened.files.sources, place, &values[row]);
                    }
                    Files::add(&mut opened.files.targets, place, &targets[row]);
                    let read = source.zip(sources.as_ref());
                    let source =
                        read.map(|(side, values)| opened.warnings.of(Role::Source, row, &values[row], side));
                    opened.sources.extend(source);
                    opened.targets.push(opened.warnings.of(Role::Target, row, &targets[row], target));
                }
                Err((role, error)) => {
                    opened.broken.add(named(role, row, &error));
                    first.get_or_insert((role, error));
                }
            }
        }
        match first {
            Some((role, source)) if opened.samples.is_empty() => {
                Err(RunError::Adapter { side: format!("{} {}", task.name, role.word()), source })
            }
            _ => {
                opened.alternatives = references::of_fields(samples, task, &opened.samples)?;
                Ok(opened)
            }
        }
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

    /// The values of a side.
    pub fn values(&self, role: Role) -> &[Value] {
        match role {
            Role::Source => &self.sources,
            Role::Target => &self.targets,
        }
    }
}
