//! Filters of training samples: rules about their texts, in one place for samples in memory and for those that are read in
//! chunks.
//!
//! Moses (`clean-corpus-n.perl`), OpusFilter and Bicleaner filter corpora before a training by rules of this kind. Here
//! they are part of the experiment, so that a run says what it was trained on, and every sample that is left out is
//! counted by the first rule that it does not pass.

mod letters;
mod rule;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use any2any_adapter::{Value, grouped};
use any2any_experiment::spec;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use self::rule::Rule;
use crate::reader::Sink;
use crate::{DataError, Samples};

/// Samples that filters have left out, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Filtered {
    /// Number of all samples that were looked at.
    pub of: usize,
    /// Number of samples that each filter has left out.
    pub by: BTreeMap<String, usize>,
}

impl Filtered {
    /// Number of samples that are left out.
    pub fn count(&self) -> usize {
        self.by.values().sum()
    }

    /// True if there is a filter.
    pub fn is_any(&self) -> bool {
        !self.by.is_empty()
    }

    /// Adds the counts of further samples.
    pub fn merge(&mut self, other: &Self) {
        self.of += other.of;
        for (name, count) in &other.by {
            *self.by.entry(name.clone()).or_default() += count;
        }
    }
}

impl fmt::Display for Filtered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "filtered: {} of {}", grouped(self.count()), grouped(self.of))?;
        let counts = self.by.iter().filter(|(_, count)| **count > 0);
        let counts: Vec<String> = counts.map(|(name, count)| format!("{} {name}", grouped(*count))).collect();
        if counts.is_empty() { Ok(()) } else { write!(f, " ({})", counts.join(", ")) }
    }
}

/// The filters of a task's training samples.
#[derive(Debug)]
pub(crate) struct Filter {
    options: spec::Filter,
    /// The field of each side of the task that is a text; none of other values.
    sides: Vec<Option<String>>,
    rules: Vec<Rule>,
}

impl Filter {
    /// The filters for a task whose sides, the source first, have these fields of texts.
    pub(crate) fn new(options: &spec::Filter, sides: Vec<Option<String>>) -> Self {
        Self { rules: rule::all(options, &sides), options: options.clone(), sides }
    }

    /// What the choice of samples depends on beside the samples.
    pub(crate) fn made_from(&self) -> Json {
        json!({ "options": self.options, "texts": self.sides })
    }

    /// The samples of a whole split that pass all filters.
    ///
    /// # Errors
    ///
    /// When none does.
    pub(crate) fn apply(&self, samples: Samples, dataset: &str) -> Result<Samples, DataError> {
        let samples = Pass::new(self).take(samples);
        none_left(&samples, dataset)?;
        Ok(samples)
    }

    /// Reads samples in chunks, and hands out of each those that pass all filters. A chunk of which none does is not handed
    /// out; its flaws are those of the chunk before it, or behind it.
    ///
    /// # Errors
    ///
    /// When reading fails, or no sample at all passes.
    pub(crate) fn read(
        &self,
        dataset: &str,
        read: impl FnOnce(&mut Sink<'_>) -> Result<(), DataError>,
        sink: &mut Sink<'_>,
    ) -> Result<(), DataError> {
        let mut pass = Pass::new(self);
        let mut waiting: Option<Samples> = None;
        read(&mut |chunk| {
            let chunk = pass.take(chunk);
            match waiting.take() {
                None => waiting = Some(chunk),
                Some(before) if before.is_empty() || chunk.is_empty() => {
                    let mut flaws = before.flaws().clone();
                    flaws.merge(chunk.flaws().clone());
                    let rows = if chunk.is_empty() { before } else { chunk };
                    waiting = Some(rows.with_flaws(flaws));
                }
                Some(before) => {
                    waiting = Some(chunk);
                    sink(before)?;
                }
            }
            Ok(())
        })?;
        let Some(last) = waiting else { return Ok(()) };
        none_left(&last, dataset)?;
        sink(last)
    }
}

/// Fails for samples of which filters have left none.
fn none_left(samples: &Samples, dataset: &str) -> Result<(), DataError> {
    let filtered = &samples.flaws().filtered;
    if !samples.is_empty() || filtered.count() == 0 {
        return Ok(());
    }
    Err(DataError::Option {
        dataset: dataset.to_owned(),
        option: "filter".to_owned(),
        reason: format!("no training sample is left, {filtered}: take away a filter, or let it pass more"),
    })
}

/// One pass over the samples of a split, in their order.
struct Pass<'f> {
    filter: &'f Filter,
    /// Digests of the texts of the samples that were kept, of 64 bits: of ten million samples, two unlike ones are taken for
    /// alike with a probability of about 3 in a million.
    seen: HashSet<u64>,
}

impl<'f> Pass<'f> {
    fn new(filter: &'f Filter) -> Self {
        Self { filter, seen: HashSet::new() }
    }

    /// The samples of the next chunk that pass all filters, with the counts of the others among their flaws.
    fn take(&mut self, samples: Samples) -> Samples {
        let Filter { sides, rules, .. } = self.filter;
        let column = |side: &Option<String>| side.as_ref().and_then(|field| samples.column(field));
        let columns: Vec<Option<&[Value]>> = sides.iter().map(column).collect();
        let fields: Vec<String> = sides.iter().flatten().cloned().collect();
        let mut counts = vec![0; rules.len()];
        let mut texts: Vec<Option<&str>> = Vec::with_capacity(columns.len());
        let kept: Vec<bool> = (0..samples.len())
            .map(|row| {
                // A sample that lacks a text is counted among the broken ones.
                if samples.absent(&fields, row).is_some() {
                    return true;
                }
                texts.clear();
                texts.extend(columns.iter().map(|column| column.and_then(|column| column[row].as_text())));
                let refused = rules.iter().position(|rule| rule.refuses(&texts, &mut self.seen));
                refused.inspect(|&rule| counts[rule] += 1).is_none()
            })
            .collect();
        let by = rules.iter().map(|rule| rule.name().to_owned()).zip(counts).collect();
        let filtered = Filtered { of: samples.len(), by };
        samples.retain(&kept).with_filtered(filtered)
    }
}
