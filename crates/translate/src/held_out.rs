//! Held-out split: what a model is scored on, and never trained on.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use any2any_adapter::{Kind, Sequence, Value};
use any2any_data::Samples;
use any2any_data::batching::Lengths;
use any2any_experiment::spec::Store;
use any2any_run::{RunError, Task, TaskSides};

use crate::encoded_source::EncodedSource;
use crate::example::{Example, checksum, checksum_bytes};
use crate::oddities::Oddities;
use crate::opened_split::{OpenedSplit, lines_and_rows};
use crate::split::{Split, Windows, evenly};

/// The most bytes of files that are kept in memory, opened and encoded, if nothing is said.
pub const IN_MEMORY: u64 = 128 << 20;

/// The most positions of sources that are encoded at once for a search.
const SEARCHED: usize = 200_000;

/// A split on which a model is scored. Of a large one, the values that are files, and what adapters make of them, are not in
/// memory, but read again for each part of the work.
#[derive(Clone)]
pub struct HeldOut {
    /// The samples; of one whose files are read again, without what is made from them.
    split: Split,
    lengths: Vec<Lengths>,
    /// The numbers of positions of the sources that are read in several windows, by the numbers of their samples.
    long: BTreeMap<usize, usize>,
    /// The checksum of the examples, and the number of bytes over which it goes.
    checksum: (u32, usize),
    again: Option<Again>,
}

/// What is needed to read samples again.
#[derive(Clone)]
struct Again {
    samples: Arc<Samples>,
    task: Arc<Task>,
    windows: Windows,
    /// True for sources, and for targets, that are read again.
    sides: [bool; 2],
}

/// True if a split has files as values, and is to be read again for each part of the work.
pub fn reads_again(samples: &Samples, task: &TaskSides, store: Store) -> bool {
    let fields = task.fields();
    let mut bytes = (0..samples.len()).map(|row| samples.bytes_of_files(&fields, row, 0));
    match store {
        Store::Memory => false,
        Store::Disk => bytes.any(|bytes| bytes > 0),
        _ => bytes.sum::<u64>() > IN_MEMORY,
    }
}

impl HeldOut {
    /// A split in memory.
    pub fn new(split: Split) -> Self {
        let positions = |(&sample, source): (&usize, &EncodedSource)| (sample, source.positions());
        Self {
            lengths: split.lengths(),
            long: split.long.iter().map(positions).collect(),
            checksum: (checksum(&split.examples), split.examples.iter().map(checksum_bytes).sum()),
            again: None,
            split,
        }
    }

    /// A split of some samples, or of the first `limit` that can be read: in memory, or read again as [`reads_again`] has it.
    /// `in_windows`: sources may be read in several windows.
    ///
    /// # Errors
    ///
    /// If a field is missing, or not a single sample can be read.
    pub fn of(
        samples: Samples,
        task: &Arc<Task>,
        in_windows: bool,
        limit: Option<usize>,
    ) -> Result<Self, RunError> {
        if reads_again(&samples, task.sides(), task.spec().data.store) {
            return Self::read_again(samples, task, in_windows, limit);
        }
        let opened = OpenedSplit::new(&samples, task.sides())?;
        let split = if in_windows { Split::in_windows(opened, task)? } else { Split::new(opened, task)? };
        let mut held_out = Self::new(split);
        held_out.truncate(limit.unwrap_or(usize::MAX));
        Ok(held_out)
    }

    /// A split whose files are read again for each part of the work. Each is opened and encoded once now, so that those that
    /// cannot be are left out; not those behind the first `limit` that can.
    ///
    /// # Errors
    ///
    /// If a field is missing, or not a single sample can be read.
    pub fn read_again(
        samples: Samples,
        task: &Arc<Task>,
        in_windows: bool,
        limit: Option<usize>,
    ) -> Result<Self, RunError> {
        let sides = task.sides();
        let columns = sides.columns(&samples)?;
        // Texts are compared and counted, and small, also where they are files.
        let large = |values: &[Value], kind: Kind| kind != Kind::Text && values.iter().any(names_file);
        let source = columns.sources.zip(task.source_medium());
        let read_again = [
            source.is_some_and(|(values, medium)| large(&values, medium.kind())),
            large(&columns.targets, task.target_medium().kind()),
        ];
        let windows = if in_windows { Windows::Several } else { Windows::No };
        let again = Again { samples: Arc::new(samples), task: task.clone(), windows, sides: read_again };
        let mut found = Self {
            split: Split { flaws: again.samples.flaws().clone(), ..Split::default() },
            lengths: Vec::new(),
            long: BTreeMap::new(),
            checksum: (0, 0),
            again: None,
        };
        found.split.broken = lines_and_rows(&again.samples);
        let (mut first, mut next, mut copies) = (None, 0, false);
        let fields = sides.fields();
        while next < again.samples.len() && limit.is_none_or(|limit| found.len() < limit) {
            let rows: Vec<usize> = again.samples.chunk(&fields, next).collect();
            next += rows.len();
            let (opened, unopened) = OpenedSplit::of_rows(&again.samples, sides, &rows)?;
            copies = opened.copies;
            let (some, unencoded) = Split::of_opened(opened, task, windows);
            first = first.or(unopened).or(unencoded);
            found.add(some, read_again);
        }
        found.split.oddities = Oddities::of(&found.split.sources, &found.split.references, copies);
        found.split = Split::whole((found.split, first))?;
        found.again = read_again.contains(&true).then_some(again);
        if let Some(limit) = limit {
            found.truncate(limit);
        }
        Ok(found)
    }

    /// Adds further samples, without what is read again.
    fn add(&mut self, some: Split, [sources, targets]: [bool; 2]) {
        let Self { split, lengths, long, checksum: sum, .. } = self;
        let some = Self::new(some);
        lengths.extend(some.lengths);
        long.extend(some.long);
        let (of, bytes) = some.checksum;
        *sum = (crc32c::crc32c_combine(sum.0, of, bytes), sum.1 + bytes);
        let Split {
            mut examples, sources: mut values, mut references, alternatives, broken, warnings, ..
        } = some.split;
        let nothing = || Value::Series([].into());
        if sources {
            examples.iter_mut().for_each(|example| example.source = None);
            values.iter_mut().for_each(|value| *value = nothing());
        }
        if targets {
            examples.iter_mut().for_each(|example| example.target = Sequence::Tokens(Vec::new()));
            references.iter_mut().for_each(|value| *value = nothing());
        } else {
            split.alternatives.resize(alternatives.len(), Vec::new());
            split.alternatives.iter_mut().zip(alternatives).for_each(|(set, more)| set.extend(more));
        }
        split.examples.extend(examples);
        split.sources.extend(values);
        split.references.extend(references);
        split.broken.merge(&broken);
        split.warnings.merge(warnings);
    }

    /// The number of samples that can be read.
    pub fn len(&self) -> usize {
        self.split.examples.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.split.examples.is_empty()
    }

    /// The lengths of every sample; of a source in several windows, those of the first.
    pub fn lengths(&self) -> &[Lengths] {
        &self.lengths
    }

    /// The numbers of the samples in their split, from 0.
    pub fn numbers(&self) -> impl DoubleEndedIterator<Item = usize> {
        self.split.examples.iter().map(|example| example.sample)
    }

    /// The number of samples whose sources are read in several windows: they are decoded, and have no loss.
    pub fn in_windows(&self) -> usize {
        self.long.len()
    }

    /// What was found in the samples, without any of them.
    pub fn findings(&self) -> Split {
        let Split { broken, warnings, flaws, oddities, .. } = &self.split;
        let (broken, warnings, flaws) = (broken.clone(), warnings.clone(), flaws.clone());
        Split { broken, warnings, flaws, oddities: *oddities, ..Split::default() }
    }

    /// The texts of the references; none of values other than texts.
    pub fn reference_texts(&self) -> Vec<&str> {
        self.split.references.iter().filter_map(Value::as_text).collect()
    }

    /// Leaves out all but the first samples.
    pub fn truncate(&mut self, count: usize) {
        self.split.examples.truncate(count);
        self.lengths.truncate(count);
        let kept: BTreeSet<usize> = self.numbers().collect();
        self.long.retain(|sample, _| kept.contains(sample));
    }

    /// Some samples, evenly spaced over the split, with their values.
    ///
    /// # Errors
    ///
    /// As [`select`](Self::select).
    pub fn some(&self, count: usize) -> Result<Split, RunError> {
        let places: Vec<usize> = evenly(count, self.len()).collect();
        Ok(self.select(&places)?.into_owned())
    }

    /// The samples of some places among those that can be read, in this order, with their values.
    ///
    /// # Errors
    ///
    /// If a file can no longer be read.
    pub fn select(&self, places: &[usize]) -> Result<Cow<'_, Split>, RunError> {
        let in_order = || places.iter().copied().eq(0..self.len());
        let Some(Again { samples, task, windows, sides: [_, targets] }) = &self.again else {
            return Ok(if in_order() {
                Cow::Borrowed(&self.split)
            } else {
                Cow::Owned(self.split.select(places))
            });
        };
        let numbers: Vec<usize> = places.iter().map(|&place| self.split.examples[place].sample).collect();
        let (opened, unopened) = OpenedSplit::of_rows(samples, task.sides(), &numbers)?;
        let (mut split, unencoded) = Split::of_opened(opened, task, *windows);
        if let Some(error) = unopened.or(unencoded) {
            return Err(error);
        }
        if !targets {
            let of_set = |set: &Vec<Value>| places.iter().map(|&place| set[place].clone()).collect();
            split.alternatives = self.split.alternatives.iter().map(of_set).collect();
        }
        Ok(Cow::Owned(split))
    }

    /// The examples of some places.
    ///
    /// # Errors
    ///
    /// As [`select`](Self::select).
    pub(crate) fn examples(&self, places: &[usize]) -> Result<Vec<Cow<'_, Example>>, RunError> {
        match self.again {
            None => Ok(places.iter().map(|&place| Cow::Borrowed(&self.split.examples[place])).collect()),
            Some(_) => Ok(self.select(places)?.into_owned().examples.into_iter().map(Cow::Owned).collect()),
        }
    }

    /// The places of the samples that have a loss: those that are read at once.
    pub(crate) fn at_once(&self) -> Vec<usize> {
        let at_once = |&place: &usize| !self.long.contains_key(&self.split.examples[place].sample);
        (0..self.len()).filter(at_once).collect()
    }

    /// The places of the first samples in the groups that are searched for together, the same ones whether files are read again
    /// or not: all in their order, or if they are many, the longest sources first.
    pub fn groups(&self, at_most: Option<usize>) -> Vec<Vec<usize>> {
        let count = at_most.unwrap_or(self.len()).min(self.len());
        let positions = |place: usize| {
            let long = self.long.get(&self.split.examples[place].sample);
            long.copied().unwrap_or_else(|| self.lengths[place].source())
        };
        let mut order: Vec<usize> = (0..count).collect();
        if order.iter().map(|&place| positions(place)).sum::<usize>() <= SEARCHED {
            return vec![order];
        }
        order.sort_by_key(|&place| Reverse(positions(place)));
        let mut groups: Vec<Vec<usize>> = Vec::new();
        let mut room = 0;
        for place in order {
            match (groups.last_mut(), positions(place)) {
                (Some(group), needed) if needed <= room => {
                    group.push(place);
                    room -= needed;
                }
                (_, needed) => {
                    groups.push(vec![place]);
                    room = SEARCHED.saturating_sub(needed);
                }
            }
        }
        groups
    }

    /// A checksum of some splits: of the encoded samples of all, and then of the texts of all, on which scores are computed.
    pub fn checksum<'h>(splits: impl IntoIterator<Item = &'h Self>) -> u32 {
        let splits: Vec<&Self> = splits.into_iter().collect();
        let sum = splits.iter().fold(0, |sum, split| {
            let (of, bytes) = split.checksum;
            crc32c::crc32c_combine(sum, of, bytes)
        });
        let texts = splits.iter().flat_map(|split| split.split.sources.iter().chain(&split.split.references));
        texts.filter_map(Value::as_text).fold(sum, |sum, text| {
            let sum = crc32c::crc32c_append(sum, &(text.len() as u64).to_le_bytes());
            crc32c::crc32c_append(sum, text.as_bytes())
        })
    }

    /// The split, to score it against more.
    pub(crate) fn split_mut(&mut self) -> &mut Split {
        &mut self.split
    }
}

/// True if a value is a file, or has one in it.
fn names_file(value: &Value) -> bool {
    match value {
        Value::File(_) => true,
        Value::Series(values) => values.iter().any(names_file),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_samples_are_searched_for_in_groups_of_similar_lengths() {
        let tokens = |count: usize| Sequence::Tokens(vec![1; count]);
        let example = |(sample, &length): (usize, &usize)| Example {
            sample,
            source: Some(tokens(length)),
            target: tokens(1),
        };
        let of = |lengths: &[usize]| {
            HeldOut::new(Split {
                examples: lengths.iter().enumerate().map(example).collect(),
                ..Split::default()
            })
        };
        let few = of(&[3, 9, 2]);
        assert_eq!(few.groups(None), [[0, 1, 2]]);
        assert_eq!(few.groups(Some(2)), [[0, 1]]);
        let many = of(&[10, 150_000, 100_000, 60_000, 20]);
        assert_eq!(many.groups(None), [vec![1], vec![2, 3, 4, 0]]);
        assert_eq!(many.groups(Some(1)), [[0]]);
    }
}
