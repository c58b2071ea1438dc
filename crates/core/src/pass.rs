//! What one forward pass carries besides tensors: the randomness of dropout, and a trace if one is wanted.

use any2any_adapter::{Random, Seed};
use burn::tensor::Tensor;

use crate::trace::{Place, Trace};

/// One forward pass.
///
/// Training draws dropout from it; a traced pass collects attention weights. A plain evaluation does
/// neither and pays for neither.
#[derive(Debug, Default)]
pub struct Pass {
    dropout: Option<Random>,
    trace: Option<Trace>,
}

impl Pass {
    /// A pass without dropout.
    pub fn evaluation() -> Self {
        Self::default()
    }

    /// A pass with dropout that depends on the seed and the step alone.
    pub fn training(seed: Seed, step: u64) -> Self {
        Self { dropout: Some(seed.random("dropout", step)), trace: None }
    }

    /// A pass without dropout that keeps the attention weights of every layer and head.
    pub fn traced() -> Self {
        Self { dropout: None, trace: Some(Trace::default()) }
    }

    /// What a traced pass has seen.
    pub fn into_trace(self) -> Trace {
        self.trace.unwrap_or_default()
    }

    /// Whether this pass keeps attention weights.
    pub(crate) fn is_traced(&self) -> bool {
        self.trace.is_some()
    }

    /// The key of the next dropout mask; `None` outside training.
    pub(crate) fn next_mask(&mut self) -> Option<Seed> {
        self.dropout.as_mut().map(Random::fork)
    }

    /// Keeps attention weights, `[batch, heads, query, key]`, if this pass is traced.
    pub(crate) fn record(&mut self, place: Place, weights: &Tensor<4>) {
        if let Some(trace) = &mut self.trace {
            trace.push(place, weights.clone());
        }
    }
}
