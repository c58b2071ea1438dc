//! Per-position targets (labels): one token for every position of the source.

use any2any_adapter::AdapterError;
use any2any_run::{Role, RunError, Task};

use crate::example::Example;
use crate::opened_split::named;
use crate::split::Split;

/// Leaves out samples whose source and target differ in length, and counts them among the broken ones. The error of the
/// first of them is given.
pub(crate) fn keep_matching(split: &mut Split, task: &Task) -> Option<RunError> {
    let mut fits = Vec::with_capacity(split.examples.len());
    let mut first = None;
    for example in &split.examples {
        let reason = mismatch(task, example);
        fits.push(reason.is_none());
        if let Some(reason) = reason {
            split.broken.add(named(Role::Target, example.sample, &reason));
            first.get_or_insert(reason);
        }
    }
    let reason = first?;
    retain(&mut split.examples, &fits);
    retain(&mut split.sources, &fits);
    retain(&mut split.references, &fits);
    split.alternatives.iter_mut().for_each(|set| retain(set, &fits));
    let side = format!("{} {}", task.name(), Role::Target.word());
    Some(RunError::Adapter { side, source: AdapterError::Value { reason } })
}

/// The problem with the lengths of a sample; `None` if they agree.
pub(crate) fn mismatch(task: &Task, example: &Example) -> Option<String> {
    let wanted = task.labels(example.source.as_ref()?.len())?;
    let tokens = example.target.len().saturating_sub(1);
    (wanted != tokens).then(|| {
        format!("{tokens} tokens for {wanted} positions of the source: `per_position` needs one for each")
    })
}

/// Keeps the values marked by `fits`.
pub(crate) fn retain<T>(values: &mut Vec<T>, fits: &[bool]) {
    let mut fits = fits.iter();
    values.retain(|_| fits.next().copied().unwrap_or(true));
}
