//! A look inside one pass of the engine: the attention of every head and the logits behind every token, with positions
//! of the source that are hidden and heads that are silenced.

use any2any_adapter::{Cancellation, Sequence};
use any2any_architecture::StackKind;
use any2any_kernels::host::decode::look::AttentionLook;
use any2any_search::Stepper;

use crate::engine::Engine;
use crate::stepper::EngineStepper;

/// What is taken away from a model for one pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ablations {
    /// Positions of the source that are embedded as zeros, and that no attention sees.
    pub hidden: Vec<usize>,
    /// Positions of the decoder, the begin token's from 0, that are embedded as zeros, and that no attention sees.
    pub hidden_target: Vec<usize>,
    /// Heads whose context is zero, each with its layer.
    pub silenced: Vec<(Place, usize)>,
}

/// The place of an attention layer in a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The stack that it belongs to.
    pub stack: StackKind,
    /// The layer of that stack, from 0.
    pub layer: usize,
    /// True if it attends to the encoder's states, false if to its own sequence.
    pub cross: bool,
}

/// The weights of one attention layer.
#[derive(Clone, Debug, PartialEq)]
pub struct AttentionWeights {
    /// The layer.
    pub place: Place,
    /// The number of heads.
    pub heads: usize,
    /// The number of queries.
    pub queries: usize,
    /// The number of keys.
    pub keys: usize,
    /// The weights, `[heads, queries, keys]`; each row sums to one, or to zero where all keys are hidden.
    pub weights: Vec<f32>,
}

/// Attention and logits of one pass over a source and the target so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// The attention of every layer: the encoder's, and then of each of the decoder's the self-attention and the
    /// cross-attention. The decoder's queries are the begin token and then every token.
    pub attention: Vec<AttentionWeights>,
    /// The logits behind the first `i` tokens, `[tokens + 1, vocabulary]`.
    pub logits: Vec<f32>,
}

/// The look of a pass that is under way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Looking {
    pub(crate) ablations: Ablations,
    attention: Vec<AttentionWeights>,
}

impl Looking {
    pub(crate) fn new(ablations: &Ablations) -> Self {
        Self { ablations: ablations.clone(), attention: Vec::new() }
    }

    /// Lets an attention write its weights, of so many heads, queries and keys, while `attend` runs.
    pub(crate) fn at(
        &mut self,
        place: Place,
        [heads, queries, keys]: [usize; 3],
        attend: impl FnOnce(AttentionLook<'_>),
    ) {
        let own_target = place.stack == StackKind::Decoder && !place.cross;
        let Ablations { hidden, hidden_target, .. } = &self.ablations;
        let hidden = if own_target { hidden_target } else { hidden };
        let silenced = self.ablations.silenced.iter().filter(|(at, _)| *at == place).map(|&(_, head)| head);
        let silenced: Vec<usize> = silenced.collect();
        let mut weights = vec![0.0; heads * queries * keys];
        attend(AttentionLook { hidden, silenced: &silenced, weights: &mut weights });
        self.attention.push(AttentionWeights { place, heads, queries, keys, weights });
    }
}

impl Engine {
    /// A pass over a source of a task and the tokens written so far, `begin` before them, with a look at it.
    ///
    /// # Panics
    ///
    /// When a source is missing or of the other kind of sequence, a token is outside the vocabulary, or the task writes
    /// frames.
    pub fn look(
        &self,
        task: usize,
        source: Option<&Sequence>,
        (begin, tokens): (u32, &[u32]),
        ablations: &Ablations,
    ) -> Look {
        let sources: Vec<&Sequence> = source.into_iter().collect();
        let mut stepper =
            EngineStepper::looking(self, task, &sources, &Cancellation::default(), Looking::new(ablations));
        let mut logits = Vec::new();
        for &token in std::iter::once(&begin).chain(tokens) {
            let Ok(row) = stepper.step(&[token]);
            logits.extend(row);
        }
        Look { attention: joined(stepper.looked().attention), logits }
    }
}

/// Attention of whole sequences: queries that were looked at one after the other stand in one matrix.
fn joined(parts: Vec<AttentionWeights>) -> Vec<AttentionWeights> {
    let mut joined: Vec<(AttentionWeights, Vec<AttentionWeights>)> = Vec::new();
    for part in parts {
        match joined.iter_mut().find(|(first, _)| first.place == part.place) {
            Some((_, others)) => others.push(part),
            None => joined.push((part, Vec::new())),
        }
    }
    joined.into_iter().map(|(first, others)| join(first, &others)).collect()
}

/// The attention of one layer, whose later queries may have more keys: earlier ones see none of these.
fn join(first: AttentionWeights, others: &[AttentionWeights]) -> AttentionWeights {
    if others.is_empty() {
        return first;
    }
    let parts = || std::iter::once(&first).chain(others);
    let (heads, place) = (first.heads, first.place);
    let queries = parts().map(|part| part.queries).sum();
    let keys = parts().map(|part| part.keys).max().unwrap_or(0);
    let mut weights = vec![0.0; heads * queries * keys];
    for head in 0..heads {
        let mut query = 0;
        for part in parts() {
            let rows = part.weights[head * part.queries * part.keys..].chunks_exact(part.keys.max(1));
            for row in rows.take(part.queries) {
                weights[(head * queries + query) * keys..][..part.keys].copy_from_slice(row);
                query += 1;
            }
        }
    }
    AttentionWeights { place, heads, queries, keys, weights }
}
