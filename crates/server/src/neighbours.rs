//! States of a split's samples, piece by piece, and those among them that lie near to another.
//!
//! Pieces are cached, since the states of a checkpoint do not change.

use any2any_inspect::{self as inspect, Ablations, Array, Inspector, StackKind};
use any2any_run::Task;
use any2any_translate::Translator;

use crate::api_error::ApiError;
use crate::piece::{Piece, Sample};
use crate::protocol::{Neighbour, Neighbours};

/// The most pieces in the cache.
pub(crate) const KEPT: usize = 16;

/// The key of a piece: the step of its checkpoint, and the question.
pub(crate) type Key = (u64, String);

/// Samples whose states are compared.
pub(crate) struct States {
    total: usize,
    next: Option<usize>,
    samples: Vec<Labelled>,
    /// The states of each sample, `[positions, d_model]`.
    states: Vec<Array>,
}

/// What is shown of a sample.
struct Labelled {
    number: usize,
    reference: String,
    /// The texts of its positions.
    labels: Vec<Option<String>>,
}

impl States {
    /// The states that a stack of a model has for the samples of a piece.
    pub(crate) fn of(
        piece: Piece,
        model: &Translator,
        task: &Task,
        stack: StackKind,
    ) -> Result<Self, ApiError> {
        let adapter = task.target();
        let Piece { total, next, samples: read } = piece;
        let (mut samples, mut states) = (Vec::new(), Vec::new());
        for Sample { number, source, tokens, reference } in read {
            let given = (source.as_ref(), &tokens[..]);
            states.push(Inspector::new(model).states(task, given, stack, &Ablations::default())?);
            let labels = match (stack, source) {
                (StackKind::Encoder, Some(source)) => {
                    source.positions.into_iter().map(|position| position.label).collect()
                }
                _ => tokens.iter().map(|&token| Some(adapter.show(token))).collect(),
            };
            samples.push(Labelled { number, reference, labels });
        }
        Ok(Self { total, next, samples, states })
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
