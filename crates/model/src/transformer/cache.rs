//! The cache of a decoder between two steps, layer by layer.

use burn::tensor::Tensor;

use crate::attention::{AttentionCache, KeyValue};
use crate::encoder_output::RowSelection;

/// Keys and values of the positions that a decoder has written, and of the encoder's states.
#[derive(Clone, Debug)]
pub struct DecoderCache {
    pub(super) written: usize,
    pub(super) layers: Vec<LayerCache>,
    /// The number of the encoder's positions of each row, `[batch]`; `None` when all rows have all.
    pub(super) lengths: Option<Vec<usize>>,
}

/// The cache of one layer.
#[derive(Clone, Debug)]
pub(crate) struct LayerCache {
    /// Of self-attention.
    pub(super) self_attention: AttentionCache,
    /// Of an SSRU: its cell, `[batch, d_model]`; none before the first position.
    pub(super) cell: Option<Tensor<2>>,
    /// Of cross-attention.
    pub(super) cross: Option<KeyValue>,
}

impl DecoderCache {
    /// Keeps some rows.
    pub fn select(&mut self, rows: &RowSelection) {
        self.lengths = rows.of_lengths(self.lengths.as_deref());
        for layer in &mut self.layers {
            layer.self_attention.select(rows);
            layer.cell = layer.cell.take().map(|cell| rows.of(&cell));
            layer.cross = layer.cross.take().map(|cross| cross.select(rows));
        }
    }
}
