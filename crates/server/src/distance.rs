//! Accuracy by distance: a numeric field of every sample, such as the number of words between a subject and its verb.
//!
//! A test split takes longer than a request may, so it is asked for piece by piece: other requests to the model
//! come between, and a page can draw the counts so far. Pieces are cached, since the numbers of a checkpoint do not
//! change.

use std::collections::BTreeMap;

use any2any_adapter::Sequence;
use any2any_run::Task;
use any2any_translate::Output;
use any2any_translate::bucketed_scores::numbers;

use crate::api_error::ApiError;
use crate::loaded_run::{LoadedRun, Longest};
use crate::protocol::{DistanceGroup, DistanceQuery, Distances};

/// The most pieces in the cache.
pub(crate) const KEPT: usize = 256;
/// The most samples of one piece.
const SAMPLES: usize = 256;

/// The key of a piece of a split: the step of its checkpoint, and the query.
pub(crate) type Key = (u64, String);

/// Samples to translate, with their references.
pub(crate) struct Piece {
    /// The sources.
    pub sources: Vec<Sequence>,
    numbers: Vec<f64>,
    targets: Vec<String>,
    first_tokens: Vec<Option<u32>>,
    total: usize,
    next: Option<usize>,
}

impl Piece {
    /// Reads the samples of a query. Those that cannot be read are left out; without such a field there are none.
    pub(crate) fn read(
        run: &LoadedRun,
        task: &Task,
        query: &DistanceQuery,
        longest: Longest,
    ) -> Result<Self, ApiError> {
        let samples = run.split(task, &query.split)?;
        // Most data has no such field, which is no error: there is only nothing to count.
        let Some(field) = samples.column(&query.field) else { return Ok(Self::empty(0, None)) };
        let columns = task.sides().columns(&samples)?;
        let sources = columns.sources.as_deref().ok_or_else(|| {
            ApiError::wrong("no_source", "only what has a source is translated", "choose another task")
        })?;
        let end = query.from.saturating_add(query.count.clamp(1, SAMPLES)).min(samples.len());
        let next = (end < samples.len()).then_some(end);
        let mut piece = Self::empty(samples.len(), next);
        let mut texts = Vec::new();
        for number in query.from..end {
            let read = |value| {
                let target = task.sides().open_target(value)?;
                let tokens = task.encode_target(&target)?.sequence;
                Ok::<_, any2any_run::RunError>((target, tokens.tokens().and_then(|all| all.first().copied())))
            };
            let source = task.sides().open_source(&sources[number]);
            let source = source.and_then(|source| task.encode_source(&source));
            let (Ok(source), Ok((target, first))) = (source, read(&columns.targets[number])) else {
                continue;
            };
            longest.check(source.sequence.len())?;
            piece.sources.push(source.sequence);
            piece.targets.push(target.to_string());
            piece.first_tokens.push(first);
            texts.push(field[number].to_string());
        }
        longest.several().check(piece.sources.iter().map(Sequence::len).sum())?;
        piece.numbers = numbers(&query.field, &texts)?;
        Ok(piece)
    }

    fn empty(total: usize, next: Option<usize>) -> Self {
        let (numbers, targets) = (Vec::new(), Vec::new());
        Self { sources: Vec::new(), numbers, targets, first_tokens: Vec::new(), total, next }
    }

    /// Compares the outputs with the references, and counts the right ones.
    pub(crate) fn count(&self, outputs: &[Vec<Output>]) -> Distances {
        let best = outputs.iter().map(|outputs| outputs.first());
        let written = best
            .map(|best| best.map(|best| (best.decoded.value.to_string(), best.tokens().first().copied())));
        let right = written.enumerate().map(|(sample, written)| match written {
            None => [false; 2],
            Some((text, first)) => [text == self.targets[sample], first == self.first_tokens[sample]],
        });
        let groups = tally(self.numbers.iter().copied().zip(right));
        Distances { total: self.total, next: self.next, groups }
    }
}

/// Counts right outputs and right first tokens, by distance.
fn tally(samples: impl Iterator<Item = (f64, [bool; 2])>) -> Vec<DistanceGroup> {
    summed(samples.map(|(distance, right)| {
        let [right, first_right] = right.map(usize::from);
        DistanceGroup { distance, samples: 1, right, first_right }
    }))
}

/// Sums groups by distance, in rising order.
pub(crate) fn summed(groups: impl IntoIterator<Item = DistanceGroup>) -> Vec<DistanceGroup> {
    let mut sums: BTreeMap<u64, DistanceGroup> = BTreeMap::new();
    for DistanceGroup { distance, samples, right, first_right } in groups {
        let blank = DistanceGroup { distance, samples: 0, right: 0, first_right: 0 };
        let sum = sums.entry(distance.to_bits()).or_insert(blank);
        sum.samples += samples;
        sum.right += right;
        sum.first_right += first_right;
    }
    let mut sums: Vec<_> = sums.into_values().collect();
    sums.sort_by(|a, b| a.distance.total_cmp(&b.distance));
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_counted_by_number() {
        let samples =
            [(12.0, [true, true]), (2.0, [false, true]), (12.0, [false, true]), (-1.5, [false, false])];
        let group =
            |distance, samples, right, first_right| DistanceGroup { distance, samples, right, first_right };
        let expected = [group(-1.5, 1, 0, 0), group(2.0, 1, 0, 1), group(12.0, 2, 1, 2)];
        assert_eq!(tally(samples.into_iter()), expected);
        assert_eq!(tally(std::iter::empty()), []);
    }
}
