//! Tensors of one pass, each with the part of the model that it comes from: those of the figure of the paper.

use any2any_architecture::StackKind;
use burn::tensor::{Tensor, TensorData};

use crate::trace::AttentionKind;

/// A part of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Site {
    /// The stack it belongs to.
    pub stack: StackKind,
    /// The layer of that stack, from 0; none for parts before and after the layers.
    pub layer: Option<usize>,
    /// Its role.
    pub role: SiteRole,
}

/// The role of a part of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SiteRole {
    /// Tells positions apart.
    Positions,
    /// Attends, with its residual sum and normalisation.
    Attention(AttentionKind),
    /// The feed-forward layer, with its residual sum and normalisation.
    FeedForward,
    /// The normalisation after all layers.
    Norm,
    /// Cells of an LSTM that read forwards.
    Cells,
    /// Cells of an LSTM that read from the end.
    BackwardCells,
}

/// A tensor that a pass has kept.
#[derive(Clone, Debug)]
pub struct Record {
    /// The part of the model that it comes from.
    pub site: Site,
    /// The name of the tensor within its part, such as `query`.
    pub name: &'static str,
    /// The values, `[batch, ..]`.
    pub values: TensorData,
}

/// Keeps tensors, each under the part of the model that the pass has reached.
#[derive(Debug)]
pub(crate) struct Recorder {
    pub site: Site,
    pub records: Vec<Record>,
}

impl Recorder {
    pub(crate) fn new() -> Self {
        let site = Site { stack: StackKind::Encoder, layer: None, role: SiteRole::Positions };
        Self { site, records: Vec::new() }
    }

    /// Keeps a tensor, `[batch, ..]`.
    pub(crate) fn keep<const D: usize>(&mut self, name: &'static str, values: Tensor<D>) {
        self.records.push(Record { site: self.site, name, values: values.into_data() });
    }
}
