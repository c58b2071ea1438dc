//! Augmentation: training samples changed at random by their adapters, in another way every epoch.

use std::sync::Arc;

use any2any_adapter::{Adapter, Seed, Value};
use any2any_run::Task;
use any2any_translate::Example;
use rayon::prelude::*;

/// The augmentation of a task's training samples: their opened values, and the adapters that change them.
pub(crate) struct Augmentation {
    seed: Seed,
    task: Arc<Task>,
    source: Option<(Arc<dyn Adapter>, Vec<Value>)>,
    target: Option<(Arc<dyn Adapter>, Vec<Value>)>,
}

impl Augmentation {
    /// The augmentation of a task, whose opened values are in the order of its examples; `None` if neither adapter
    /// changes anything.
    pub(crate) fn new(
        task: &Arc<Task>,
        sources: Vec<Value>,
        targets: Vec<Value>,
        seed: Seed,
    ) -> Option<Self> {
        let changing = |adapter: &Arc<dyn Adapter>, values: Vec<Value>| {
            adapter.augments().then(|| (adapter.clone(), values))
        };
        let source = task.source().and_then(|adapter| changing(adapter, sources));
        let target = changing(task.target(), targets);
        (source.is_some() || target.is_some()).then(|| Self { seed, task: task.clone(), source, target })
    }

    /// Drops the sequences that are made anew every epoch.
    pub(crate) fn forget(&self, examples: &mut [Example]) {
        if self.source.is_some() {
            examples.iter_mut().for_each(|example| example.source = None);
        }
    }

    /// Some samples, augmented for an epoch.
    pub(crate) fn examples(&self, examples: &[Example], rows: &[usize], epoch: u64) -> Vec<Example> {
        let vary = |side: &Option<(Arc<dyn Adapter>, Vec<Value>)>,
                    purpose: &str,
                    (row, sample): (usize, usize),
                    fits: &dyn Fn(usize) -> bool| {
            let (adapter, values) = side.as_ref()?;
            // The seed depends only on epoch and sample, so that a resumed run draws the same changes.
            let purpose = format!("augment {} {purpose} {sample}", self.task.name());
            let value = &values[row];
            let mut random = self.seed.random(&purpose, epoch);
            let changed = adapter.augment(value, &mut random).ok().map(|encoded| encoded.sequence);
            // In corner cases a changed value cannot be encoded: then the original is used.
            changed
                .filter(|sequence| !sequence.is_empty() && fits(sequence.len()))
                .or_else(|| adapter.encode(value).ok().map(|encoded| encoded.sequence))
        };
        let example = |&row: &usize| {
            let Example { sample, source, target } = &examples[row];
            let at = (row, *sample);
            // A per-position target keeps its length, and its source one that asks for as many tokens.
            let as_many = |length| self.task.labels(length).is_none_or(|labels| labels + 1 == target.len());
            let as_long = |length| !self.task.is_per_position() || length == target.len();
            Example {
                sample: *sample,
                source: vary(&self.source, "source", at, &as_many).or_else(|| source.clone()),
                target: vary(&self.target, "target", at, &as_long).unwrap_or_else(|| target.clone()),
            }
        };
        rows.par_iter().map(example).collect()
    }
}
