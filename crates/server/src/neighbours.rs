//! States of a split's samples, piece by piece, and those among them that lie near to another.
//!
//! Pieces are cached, since the states of a checkpoint do not change.

use any2any_adapter::Sequence;
use any2any_inspect::{self as inspect, Ablations, Array, Inspector, ReadSource, StackKind};
use any2any_run::Task;
use any2any_translate::Translator;

use crate::api_error::ApiError;
use crate::loaded_run::{LoadedRun, Longest};
use crate::protocol::{Neighbour, Neighbours};

/// The most pieces in the cache.
pub(crate) const KEPT: usize = 16;
/// The most samples of one piece.
const SAMPLES: usize = 64;
/// The number of positions after which a piece ends.
const POSITIONS: usize = 8192;

/// The key of a piece: the step of its checkpoint, and the question.
pub(crate) type Key = (u64, String);

/// Samples whose states are compared.
pub(crate) struct Piece {
    total: usize,
    next: Option<usize>,
    samples: Vec<Sample>,
    /// The states of each sample, `[positions, d_model]`.
    states: Vec<Array>,
}

struct Sample {
    number: usize,
    source: Option<ReadSource>,
    /// The reference, without its end.
    tokens: Vec<u32>,
    reference: String,
    /// The texts of its positions.
    labels: Vec<Option<String>>,
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
            if source.as_ref().is_some_and(|source| source.window.is_some()) {
                continue;
            }
            let tokens = without_end(task, &encoded.sequence);
            let length = source.as_ref().map_or(0, |source| source.positions.len());
            longest.check(length.max(tokens.len()))?;
            positions += length + tokens.len();
            read.push(Sample { number, source, tokens, reference: target.to_string(), labels: Vec::new() });
        }
        let next = (next < samples.len()).then_some(next);
        Ok(Self { total: samples.len(), next, samples: read, states: Vec::new() })
    }

    /// The longest source and target, and the number of samples.
    pub(crate) fn sizes(&self) -> ((usize, usize), usize) {
        let source = |sample: &Sample| sample.source.as_ref().map_or(0, |source| source.positions.len());
        let longest = |of: &dyn Fn(&Sample) -> usize| self.samples.iter().map(of).max().unwrap_or(0);
        ((longest(&source), longest(&|sample| sample.tokens.len())), self.samples.len())
    }

    /// The piece with its states.
    pub(crate) fn computed(
        mut self,
        model: &Translator,
        task: &Task,
        stack: StackKind,
    ) -> Result<Self, ApiError> {
        let adapter = task.target();
        for sample in &mut self.samples {
            let given = (sample.source.as_ref(), &sample.tokens[..]);
            self.states.push(Inspector::new(model).states(task, given, stack, &Ablations::default())?);
            sample.labels = match (stack, &sample.source) {
                (StackKind::Encoder, Some(source)) => {
                    source.positions.iter().map(|position| position.label.clone()).collect()
                }
                _ => sample.tokens.iter().map(|&token| Some(adapter.show(token))).collect(),
            };
            // Only labels are needed from now on.
            sample.source = None;
        }
        Ok(self)
    }

    /// The samples with a state nearest to one.
    pub(crate) fn nearest(&self, state: &[f32], count: usize) -> Neighbours {
        let neighbour = |near: inspect::Neighbour| {
            let sample = &self.samples[near.input];
            Neighbour {
                sample: sample.number,
                position: near.position,
                similarity: near.similarity,
                labels: sample.labels.clone(),
                reference: sample.reference.clone(),
            }
        };
        let neighbours = inspect::nearest(state, &self.states, count).into_iter().map(neighbour).collect();
        Neighbours { total: self.total, next: self.next, neighbours }
    }
}

/// The tokens of a target without its end; none of frames.
pub(crate) fn without_end(task: &Task, target: &Sequence) -> Vec<u32> {
    let end = match task.target().head() {
        Some(any2any_adapter::Head::Softmax { end, .. }) => Some(end),
        _ => None,
    };
    let tokens = target.tokens().unwrap_or_default();
    let ends = end.is_some() && tokens.last().copied() == end;
    tokens[..tokens.len() - usize::from(ends)].to_vec()
}
