//! A split of a task: its encoded samples, beside their opened values.

use std::collections::BTreeMap;

use any2any_adapter::{AdapterError, Value};
use any2any_data::batching::Lengths;
use any2any_data::{Broken, Dataset, Flaws};
use any2any_run::{Role, RunError, Task};

use crate::encoded_source::{EncodedSource, SourceWindows};
use crate::example::{self, Example};
use crate::oddities::Oddities;
use crate::opened_split::{OpenedSplit, Warnings};
use crate::per_position::{keep_matching, retain};

/// Whether sources may be read in several windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Windows {
    /// Each is read at once.
    No,
    /// A long one is read in several.
    Several,
}

/// A split, encoded, beside its opened values.
#[derive(Clone, Default)]
pub struct Split {
    /// The encoded samples, all that can be read.
    pub examples: Vec<Example>,
    /// The sources that are read in several windows, by the numbers of their samples; such an example has the first of them.
    pub long: BTreeMap<usize, EncodedSource>,
    /// The sources; none if the task has no source.
    pub sources: Vec<Value>,
    /// The references, which are the targets.
    pub references: Vec<Value>,
    /// Further references: sets of them, each with one for every sample.
    pub alternatives: Vec<Vec<Value>>,
    /// The samples that cannot be read.
    pub broken: Broken,
    /// Warnings about samples that can be read.
    pub warnings: Warnings,
    /// Flaws of the files from which the samples were read.
    pub flaws: Flaws,
    /// Texts that are probably mistakes.
    pub oddities: Oddities,
}

impl Split {
    /// Encodes the opened values of a split.
    ///
    /// # Errors
    ///
    /// If not a single sample can be encoded.
    pub fn new(opened: OpenedSplit, task: &Task) -> Result<Self, RunError> {
        Self::whole(Self::of_opened(opened, task, Windows::No))
    }

    /// Encodes the opened values of a split, of which sources may be read in several windows: they can be decoded, and are
    /// nothing to compute a loss of.
    ///
    /// # Errors
    ///
    /// If not a single sample can be encoded.
    pub fn in_windows(opened: OpenedSplit, task: &Task) -> Result<Self, RunError> {
        Self::whole(Self::of_opened(opened, task, Windows::Several))
    }

    /// A split with samples, or else the error of the first that was left out.
    pub(crate) fn whole((split, first): (Self, Option<RunError>)) -> Result<Self, RunError> {
        match first {
            Some(error) if split.examples.is_empty() => Err(error),
            _ => Ok(split),
        }
    }

    /// Encodes opened values; those that cannot be encoded are left out, and the error of the first is given.
    pub(crate) fn of_opened(opened: OpenedSplit, task: &Task, windows: Windows) -> (Self, Option<RunError>) {
        let long = match windows {
            Windows::No => BTreeMap::new(),
            Windows::Several => example::long(&opened, task),
        };
        let firsts = |sample: usize| long.get(&sample).and_then(|source| source.sequences().next());
        let encoded = example::encode_with(&opened, task, firsts);
        Self::of_encoded(opened, encoded, long, task)
    }

    fn of_encoded(
        opened: OpenedSplit,
        encoded: Vec<Result<Example, (Role, AdapterError)>>,
        long: BTreeMap<usize, EncodedSource>,
        task: &Task,
    ) -> (Self, Option<RunError>) {
        let oddities = Oddities::of(&opened.sources, &opened.targets, opened.copies);
        let place = |place: usize, role: Role| opened.sample(role, place);
        let refused: Vec<Option<String>> = encoded
            .iter()
            .enumerate()
            .map(|(at, example)| example.as_ref().err().map(|(role, _)| place(at, *role)))
            .collect();
        let OpenedSplit { mut sources, mut targets, mut alternatives, mut broken, warnings, flaws, .. } =
            opened;
        let fits: Vec<bool> = encoded.iter().map(Result::is_ok).collect();
        let mut examples = Vec::with_capacity(encoded.len());
        let mut first = None;
        for (refused, example) in refused.into_iter().zip(encoded) {
            match (example, refused) {
                (Ok(example), _) => examples.push(example),
                (Err((_, source)), refused) => {
                    let sample = refused.unwrap_or_default();
                    broken.add(format!("{sample}: {source}"));
                    let side = format!("{}, {sample}", task.name());
                    first.get_or_insert(RunError::Adapter { side, source });
                }
            }
        }
        retain(&mut sources, &fits);
        retain(&mut targets, &fits);
        alternatives.iter_mut().for_each(|set| retain(set, &fits));
        let references = targets;
        let mut split =
            Self { examples, long, sources, references, alternatives, broken, warnings, flaws, oddities };
        if task.is_per_position() {
            first = first.or(keep_matching(&mut split, task));
        }
        (split, first)
    }

    /// Samples left out, flaws and oddities, in words.
    pub fn warnings(&self) -> Vec<String> {
        let mut words = Vec::new();
        if self.broken.count > 0 {
            words.push(self.broken.to_string());
        }
        words.extend(self.flaws.remarks.iter().cloned());
        if !self.warnings.found.is_empty() {
            words.push(self.warnings.to_string());
        }
        words.extend(self.oddities.words());
        words
    }

    /// The split with its references, without any example.
    pub fn with_references(&self) -> Self {
        Self {
            examples: Vec::new(),
            long: BTreeMap::new(),
            sources: Vec::new(),
            references: self.references.clone(),
            alternatives: self.alternatives.clone(),
            broken: self.broken.clone(),
            warnings: self.warnings.clone(),
            flaws: self.flaws.clone(),
            oddities: self.oddities,
        }
    }

    /// The samples of some places, in this order, with all that was found in the split.
    pub(crate) fn select(&self, places: &[usize]) -> Self {
        let of = |values: &Vec<Value>| {
            places.iter().filter_map(|&place| values.get(place).cloned()).collect::<Vec<_>>()
        };
        let examples: Vec<Example> = places.iter().map(|&place| self.examples[place].clone()).collect();
        let long = examples.iter().filter_map(|example| self.long.get_key_value(&example.sample));
        Self {
            long: long.map(|(&sample, source)| (sample, source.clone())).collect(),
            sources: of(&self.sources),
            references: of(&self.references),
            alternatives: self.alternatives.iter().map(of).collect(),
            examples,
            broken: self.broken.clone(),
            warnings: self.warnings.clone(),
            flaws: self.flaws.clone(),
            oddities: self.oddities,
        }
    }

    /// The source of an example as a model reads it, in its windows; `None` of a task without sources.
    pub(crate) fn windows_of<'s>(&'s self, example: &'s Example) -> Option<SourceWindows<'s>> {
        let long = self.long.get(&example.sample).map(EncodedSource::windows);
        long.or_else(|| Some(vec![(None, example.source.as_ref()?)]))
    }

    /// The source of an example, to be changed; `None` of a task without sources.
    pub(crate) fn source_of(&self, example: &Example) -> Option<EncodedSource> {
        let long = self.long.get(&example.sample).cloned();
        long.or_else(|| example.source.clone().map(EncodedSource::from))
    }

    /// The lengths of every sample.
    pub fn lengths(&self) -> Vec<Lengths> {
        self.examples.iter().map(Example::lengths).collect()
    }
}

/// The indices of `count` items, or of all, evenly spaced among `all`.
pub(crate) fn evenly(count: usize, all: usize) -> impl Iterator<Item = usize> {
    let count = count.min(all);
    (0..count).map(move |number| number * all / count)
}

/// Loads a split of one task of a run, encoded by the run's own adapters.
///
/// # Errors
///
/// If the split is missing, or not a single sample can be read.
pub fn load_split(dataset: &Dataset, task: &Task, split: &str) -> Result<Split, RunError> {
    let samples = dataset.split(split).map_err(RunError::data)?;
    Split::new(OpenedSplit::new(&samples, task.sides())?, task)
}
