//! The attention weights of one forward pass, and the other tensors that it was asked to keep.

use any2any_architecture::StackKind;
use burn::tensor::Tensor;

use crate::record::Record;

/// The attention weights of one forward pass, in the order in which they were computed.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    attention: Vec<AttentionWeights>,
    records: Vec<Record>,
}

/// The weights of one attention layer.
#[derive(Clone, Debug)]
pub struct AttentionWeights {
    /// The layer.
    pub place: Place,
    /// The weights, `[batch, heads, queries, keys]`; each row sums to one.
    pub weights: Tensor<4>,
}

/// The place of an attention layer in a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The stack it belongs to.
    pub stack: StackKind,
    /// The layer of that stack, from 0.
    pub layer: usize,
    /// The sequence that it attends to.
    pub kind: AttentionKind,
}

/// The sequence that an attention layer attends to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AttentionKind {
    /// Its own sequence.
    SelfAttention,
    /// The encoder's states.
    CrossAttention,
}

impl Trace {
    /// The weights of every layer.
    pub fn attention(&self) -> &[AttentionWeights] {
        &self.attention
    }

    /// Every tensor of a recorded pass, in the order of computation.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    pub(crate) fn with_records(self, records: Vec<Record>) -> Self {
        Self { records, ..self }
    }

    /// Keeps the weights of a layer, `[batch, heads, queries, keys]`.
    pub(crate) fn push(&mut self, place: Place, weights: Tensor<4>) {
        self.attention.push(AttentionWeights { place, weights });
    }
}
