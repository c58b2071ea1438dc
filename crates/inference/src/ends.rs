//! The ends of a stack: positions and a normalisation before its layers, a normalisation after them.

use any2any_architecture::{Stack, StackKind, names};

use crate::buffers::Buffers;
use crate::error::EngineError;
use crate::normalization::Normalization;
use crate::parameters::Reader;
use crate::position_encoding::{EncodedPositions, PositionEncoding};

/// The parts of a stack that stand around its layers.
#[derive(Debug)]
pub(crate) struct Ends {
    pub(crate) positions: PositionEncoding,
    embedding_norm: Option<Normalization>,
    norm: Option<Normalization>,
    pub(crate) d_model: usize,
}

impl Ends {
    pub(crate) fn read(stack: &Stack, kind: StackKind, reader: &Reader<'_>) -> Result<Self, EngineError> {
        let d_model = stack.d_model;
        let norm = |data: Option<_>, name| {
            data.map(|data| Normalization::read(data, &reader.child(name), d_model)).transpose()
        };
        Ok(Self {
            positions: PositionEncoding::read(stack, kind, reader)?,
            embedding_norm: norm(stack.embedding_norm.as_ref(), names::EMBEDDING_NORM)?,
            norm: norm(stack.final_norm.as_ref(), names::FINAL_NORM)?,
            d_model,
        })
    }

    /// Turns embedded rows, `[rows, d_model]`, each at one of the positions, into the input of the first layer.
    pub(crate) fn enter(
        &self,
        stream: &mut [f32],
        positions: impl Iterator<Item = usize>,
        encoded: &EncodedPositions,
        buffers: &mut Buffers,
    ) {
        for (position, row) in positions.zip(stream.chunks_exact_mut(self.d_model)) {
            encoded.add(position, row);
        }
        if let Some(norm) = &self.embedding_norm {
            norm.apply_in_place(stream, buffers);
        }
    }

    /// Turns the output of the last layer, `[rows, d_model]`, into that of the stack.
    pub(crate) fn leave(&self, stream: &mut [f32], buffers: &mut Buffers) {
        if let Some(norm) = &self.norm {
            norm.apply_in_place(stream, buffers);
        }
    }
}
