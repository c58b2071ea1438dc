//! The entrance of a medium: from tokens or frames to rows of the model's width.

use any2any_adapter::Sequence;
use any2any_core::StemConfig;
use any2any_kernels::host::forward::weights::{Scratch, Weights};

use crate::convolution::Convolutions;
use crate::error::EngineError;
use crate::parameters::Reader;

/// An entrance.
#[derive(Debug)]
pub(crate) enum Stem {
    /// A table of embeddings, read times the square root of `d_model`.
    Lookup(Weights),
    /// A linear projection.
    Projection(Weights),
    /// Convolutions over neighbouring frames.
    Convolution(Convolutions),
}

impl Stem {
    pub(crate) fn read(
        config: &StemConfig,
        reader: &Reader<'_>,
        d_model: usize,
    ) -> Result<Self, EngineError> {
        Ok(match config {
            StemConfig::Lookup { vocabulary } => {
                let table = reader.child("Lookup").values("table", &[*vocabulary, d_model])?;
                Stem::Lookup(Weights::transposed(table, d_model, reader.precision))
            }
            StemConfig::Projection { width } => {
                Stem::Projection(reader.joined(&["Projection"], *width, d_model)?)
            }
            StemConfig::Convolution { width, layers } => {
                let reader = reader.child("Convolution");
                Stem::Convolution(Convolutions::read(*width, layers, &reader, d_model)?)
            }
        })
    }

    /// The table, for a softmax that shares it.
    pub(crate) fn table(&self) -> Option<&Weights> {
        match self {
            Stem::Lookup(table) => Some(table),
            Stem::Projection(_) | Stem::Convolution(_) => None,
        }
    }

    /// How many positions come out when so many tokens or frames go in.
    pub(crate) fn positions(&self, length: usize) -> usize {
        match self {
            Stem::Lookup(_) | Stem::Projection(_) => length,
            Stem::Convolution(convolutions) => convolutions.positions(length),
        }
    }

    /// The row of a token.
    ///
    /// # Panics
    ///
    /// When the entrance takes frames, or there is no such token.
    pub(crate) fn token(&self, token: u32, row: &mut [f32]) {
        match self {
            Stem::Lookup(table) => {
                table.column(token as usize, row);
                let scale = (row.len() as f64).sqrt() as f32;
                row.iter_mut().for_each(|value| *value *= scale);
            }
            Stem::Projection(_) | Stem::Convolution(_) => panic!("this entrance embeds frames, not tokens"),
        }
    }

    /// The rows of a sequence, `[positions, d_model]`.
    ///
    /// # Panics
    ///
    /// When the entrance is made for the other kind of sequence.
    pub(crate) fn sequence(&self, sequence: &Sequence, rows: &mut [f32]) {
        match (self, sequence) {
            (Stem::Lookup(table), Sequence::Tokens(tokens)) => {
                for (&token, row) in tokens.iter().zip(rows.chunks_exact_mut(table.inputs())) {
                    self.token(token, row);
                }
            }
            (Stem::Projection(projection), Sequence::Frames(frames)) => {
                projection.apply(frames.values(), rows, &mut Scratch::default());
            }
            (Stem::Convolution(convolutions), Sequence::Frames(frames)) => {
                convolutions.apply(frames.values(), frames.width(), rows);
            }
            (Stem::Lookup(_), Sequence::Frames(_)) => panic!("a lookup embeds tokens, not frames"),
            (_, Sequence::Tokens(_)) => panic!("this entrance embeds frames, not tokens"),
        }
    }
}
