//! What encoder and decoder have in common: sizes, and how layers are read.

use any2any_core::{Activation, NormPlacement, PositionsConfig, TransformerConfig};

use crate::attention::Heads;
use crate::branch::{Branch, Norm};
use crate::error::EngineError;
use crate::feed_forward::FeedForward;
use crate::parameters::Reader;
use crate::positions::Positions;

/// The sizes and choices of one stack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StackConfig {
    pub(crate) layers: usize,
    pub(crate) heads: Heads,
    d_ff: usize,
    activation: Activation,
    placement: NormPlacement,
    positions: PositionsConfig,
    carry: f32,
}

impl StackConfig {
    pub(crate) fn new(config: &TransformerConfig, layers: usize, carry: f64) -> Self {
        Self {
            layers,
            heads: Heads { d_model: config.d_model, count: config.heads },
            d_ff: config.d_ff,
            activation: config.activation,
            placement: config.norm,
            positions: config.positions,
            carry: carry as f32,
        }
    }

    pub(crate) fn branch(&self, reader: &Reader<'_>) -> Result<Branch, EngineError> {
        Branch::read(reader, self.heads.d_model, self.placement, self.carry)
    }

    pub(crate) fn feed_forward(&self, reader: &Reader<'_>) -> Result<FeedForward, EngineError> {
        FeedForward::read(reader, self.heads.d_model, self.d_ff, self.activation)
    }

    pub(crate) fn positions(&self, reader: &Reader<'_>) -> Result<Positions, EngineError> {
        Positions::read(self.positions, reader, self.heads.d_model, self.heads.count)
    }

    /// The last normalisation, which only stacks have whose layers normalise first.
    pub(crate) fn norm(&self, reader: &Reader<'_>) -> Result<Option<Norm>, EngineError> {
        let norm = || Norm::read(&reader.child("norm"), self.heads.d_model);
        (self.placement == NormPlacement::Pre).then(norm).transpose()
    }
}
