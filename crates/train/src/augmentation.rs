//! Augmentation: training samples changed at random by their adapters, in another way every epoch.

use std::sync::Arc;

use any2any_adapter::{Adapter, Seed, Value};
use any2any_run::Task;
use any2any_translate::Example;

/// The augmentation of a task's training samples: the adapters that change opened values.
pub(crate) struct Augmentation {
    seed: Seed,
    task: Arc<Task>,
    source: Option<Arc<dyn Adapter>>,
    target: Option<Arc<dyn Adapter>>,
}

impl Augmentation {
    /// The augmentation of a task; `None` if neither adapter changes anything.
    pub(crate) fn new(task: &Arc<Task>, seed: Seed) -> Option<Self> {
        let changing = |adapter: &Arc<dyn Adapter>| adapter.augments().then(|| adapter.clone());
        let (source, target) = (task.source().and_then(changing), changing(task.target()));
        (source.is_some() || target.is_some()).then(|| Self { seed, task: task.clone(), source, target })
    }

    /// True for sources, and for targets, that are changed.
    pub(crate) fn changes(&self) -> [bool; 2] {
        [self.source.is_some(), self.target.is_some()]
    }

    /// Drops the sequences that are made anew every epoch.
    pub(crate) fn forget(&self, examples: &mut [Example]) {
        if self.source.is_some() {
            examples.iter_mut().for_each(|example| example.source = None);
        }
    }

    /// A sample, augmented for an epoch; `values` are the opened values of source and target, where they are changed.
    pub(crate) fn example(&self, example: &Example, values: [Option<&Value>; 2], epoch: u64) -> Example {
        let Example { sample, source, target } = example;
        let vary = |adapter: &Option<Arc<dyn Adapter>>,
                    purpose: &str,
                    value: Option<&Value>,
                    fits: &dyn Fn(usize) -> bool| {
            let (adapter, value) = (adapter.as_ref()?, value?);
            // The seed depends only on epoch and sample, so that a resumed run draws the same changes.
            let purpose = format!("augment {} {purpose} {sample}", self.task.name());
            let mut random = self.seed.random(&purpose, epoch);
            let changed = adapter.augment(value, &mut random).ok().map(|encoded| encoded.sequence);
            // In corner cases a changed value cannot be encoded: then the original is used.
            changed
                .filter(|sequence| !sequence.is_empty() && fits(sequence.len()))
                .or_else(|| adapter.encode(value).ok().map(|encoded| encoded.sequence))
        };
        // A per-position target keeps its length, and its source one that asks for as many tokens.
        let as_many = |length| self.task.labels(length).is_none_or(|labels| labels + 1 == target.len());
        let as_long = |length| !self.task.is_per_position() || length == target.len();
        let [source_value, target_value] = values;
        Example {
            sample: *sample,
            source: vary(&self.source, "source", source_value, &as_many).or_else(|| source.clone()),
            target: vary(&self.target, "target", target_value, &as_long).unwrap_or_else(|| target.clone()),
        }
    }
}
