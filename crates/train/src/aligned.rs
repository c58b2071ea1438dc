//! Targets that have one token for every position of their source, as labels have.

use any2any_adapter::{AdapterError, Stem};

use crate::adapters::TaskAdapters;
use crate::corpus::Example;
use crate::error::TrainError;
use crate::prepare::Split;
use crate::sides::{Role, named};

/// How many tokens a source of `len` positions is given: as many as the encoder sees, but for the end of a
/// sequence of tokens, which says nothing.
pub(crate) fn alignable(stem: &Stem, len: usize) -> usize {
    match stem {
        Stem::Lookup { .. } => len.saturating_sub(1),
        stem => stem.positions(len),
    }
}

/// Leaves the samples out whose source and target differ in length, and counts them among the broken ones.
///
/// # Errors
///
/// When no sample is left.
pub(crate) fn keep_aligned(split: &mut Split, task: &TaskAdapters, stem: &Stem) -> Result<(), TrainError> {
    let mut fits = Vec::with_capacity(split.examples.len());
    let mut first = None;
    for example in &split.examples {
        let reason = mismatch(example, stem);
        fits.push(reason.is_none());
        if let Some(reason) = reason {
            split.broken.add(named(Role::Target, example.sample, &reason));
            first.get_or_insert(reason);
        }
    }
    match first {
        None => return Ok(()),
        Some(reason) if !fits.contains(&true) => {
            let side = format!("{} {}", task.name, Role::Target.word());
            return Err(TrainError::Adapter { side, source: AdapterError::Value { reason } });
        }
        Some(_) => {}
    }
    retain(&mut split.examples, &fits);
    retain(&mut split.sources, &fits);
    retain(&mut split.references, &fits);
    split.alternatives.iter_mut().for_each(|set| retain(set, &fits));
    Ok(())
}

/// What is wrong with the lengths of a sample.
pub(crate) fn mismatch(example: &Example, stem: &Stem) -> Option<String> {
    let wanted = alignable(stem, example.source.as_ref()?.len());
    let tokens = example.target.len().saturating_sub(1);
    (wanted != tokens).then(|| {
        format!("{tokens} tokens for {wanted} positions of the source: `aligned` needs one for each")
    })
}

/// Keeps the values that fit.
pub(crate) fn retain<T>(values: &mut Vec<T>, fits: &[bool]) {
    let mut fits = fits.iter();
    values.retain(|_| fits.next().copied().unwrap_or(true));
}
