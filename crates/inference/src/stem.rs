//! The entrance of a medium: from tokens or frames to rows of the model's width.

use any2any_adapter::Sequence;
use any2any_architecture::{Stem as StemData, names};
use any2any_kernels::host::decode::weights::{Scratch, Weights};

use crate::convolution::Convolutions;
use crate::error::EngineError;
use crate::parameters::Reader;

/// An entrance.
#[derive(Debug)]
pub(crate) enum Stem {
    /// A table of embeddings, and what multiplies them.
    Lookup(Weights, f32),
    /// A linear projection.
    Projection(Weights),
    /// Convolutions over neighbouring frames.
    Convolution(Convolutions),
}

impl Stem {
    pub(crate) fn read(data: &StemData, reader: &Reader<'_>, d_model: usize) -> Result<Self, EngineError> {
        Ok(match data {
            StemData::Lookup { vocabulary, scale } => {
                let table = reader.values(names::TABLE, &[*vocabulary, d_model])?;
                Stem::Lookup(Weights::transposed(table, d_model, reader.precision), *scale as f32)
            }
            StemData::Projection { width } => Stem::Projection(reader.only(d_model, *width)?),
            StemData::Convolution { width, layers } => {
                Stem::Convolution(Convolutions::read(*width, layers, reader, d_model)?)
            }
        })
    }

    /// Adds the biases of the softmax that shares the table.
    pub(crate) fn set_bias(&mut self, bias: &[f32]) {
        if let Stem::Lookup(table, _) = self {
            table.set_bias(bias);
        }
    }

    /// The table, for a softmax that shares it.
    pub(crate) fn table(&self) -> Option<&Weights> {
        match self {
            Stem::Lookup(table, _) => Some(table),
            Stem::Projection(_) | Stem::Convolution(_) => None,
        }
    }

    /// How many positions come out when so many tokens or frames go in.
    pub(crate) fn positions(&self, length: usize) -> usize {
        match self {
            Stem::Lookup(..) | Stem::Projection(_) => length,
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
            Stem::Lookup(table, scale) => {
                table.column(token as usize, row);
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
            (Stem::Lookup(table, _), Sequence::Tokens(tokens)) => {
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
            (Stem::Lookup(..), Sequence::Frames(_)) => panic!("a lookup embeds tokens, not frames"),
            (_, Sequence::Tokens(_)) => panic!("this entrance embeds frames, not tokens"),
        }
    }
}
