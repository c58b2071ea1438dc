//! Samples of a split, read a piece at a time: a whole split takes longer than a request may.

use any2any_adapter::{Head, Sequence};
use any2any_inspect::ReadSource;
use any2any_run::Task;

use crate::api_error::ApiError;
use crate::loaded_run::{LoadedRun, Longest};

/// The most samples of one piece.
const SAMPLES: usize = 64;
/// The number of positions after which a piece ends.
const POSITIONS: usize = 8192;

/// Samples of a split with their references.
pub(crate) struct Piece {
    /// The number of samples of the split.
    pub total: usize,
    /// The sample to go on from; `None` at the end of the split.
    pub next: Option<usize>,
    /// The samples.
    pub samples: Vec<Sample>,
}

/// A sample with its reference.
pub(crate) struct Sample {
    /// The sample's number in its split.
    pub number: usize,
    /// The source; `None` of a task without one.
    pub source: Option<ReadSource>,
    /// The reference, without its end.
    pub tokens: Vec<u32>,
    /// The reference as a text.
    pub reference: String,
}

impl Piece {
    /// Reads `count` samples of a split, from the number `from` on; those that cannot be read, or are read in several windows,
    /// are left out.
    pub(crate) fn read(
        run: &LoadedRun,
        task: &Task,
        split: &str,
        (from, count): (usize, usize),
        longest: Longest,
    ) -> Result<Self, ApiError> {
        let samples = run.split(task, split)?;
        let columns = task.sides().columns(&samples)?;
        let end = from.saturating_add(count.clamp(1, SAMPLES)).min(samples.len());
        let (mut read, mut positions, mut next) = (Vec::new(), 0, from);
        while next < end && positions < POSITIONS {
            let source = columns.sources.as_ref().map(|sources| ReadSource::of(task, &sources[next]));
            let target = task.sides().open_target(&columns.targets[next]);
            let number = next;
            next += 1;
            let (Ok(source), Ok(target)) = (source.transpose(), target) else { continue };
            let Ok(encoded) = task.encode_target(&target) else { continue };
            if source.as_ref().is_some_and(|source| source.window.is_some() || source.sequence.is_empty()) {
                continue;
            }
            let tokens = without_end(task, &encoded.sequence);
            longest.check(source.as_ref().map_or(0, |source| source.sequence.len()).max(tokens.len()))?;
            positions += source.as_ref().map_or(0, |source| source.positions.len()) + tokens.len();
            read.push(Sample { number, source, tokens, reference: target.to_string() });
        }
        let next = (next < samples.len()).then_some(next);
        Ok(Self { total: samples.len(), next, samples: read })
    }

    /// The positions of the longest source, and the tokens of the longest reference.
    pub(crate) fn longest(&self) -> (usize, usize) {
        let longest = |length: fn(&Sample) -> usize| self.samples.iter().map(length).max().unwrap_or(0);
        let source = |sample: &Sample| sample.source.as_ref().map_or(0, |source| source.positions.len());
        (longest(source), longest(|sample| sample.tokens.len()))
    }
}

/// The tokens of a target without its end; none of frames.
pub(crate) fn without_end(task: &Task, target: &Sequence) -> Vec<u32> {
    let tokens = target.tokens().unwrap_or_default();
    match task.target().head() {
        Some(Head::Softmax { end, .. }) => tokens.strip_suffix(&[end]).unwrap_or(tokens).to_vec(),
        _ => tokens.to_vec(),
    }
}
