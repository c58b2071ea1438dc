//! The entrance of a medium: from tokens or frames to rows of the model's width.

use any2any_adapter::Sequence;
use any2any_architecture::{Stem, names};
use any2any_kernels::host::decode::weights::{Scratch, Weights};

use crate::convolution::Convolutions;
use crate::error::EngineError;
use crate::parameters::Reader;

/// An entrance.
#[derive(Debug)]
pub(crate) enum InputStem {
    /// A table of embeddings, and their factor.
    Lookup(Weights, f32),
    /// A linear projection.
    Projection(Weights),
    /// Convolutions over neighbouring frames.
    Convolution(Convolutions),
    /// Vectors in front of the frames, `[tokens, d_model]`, and the projection of frames.
    ClassTokens(Vec<f32>, Weights),
}

impl InputStem {
    pub(crate) fn read(data: &Stem, reader: &Reader<'_>, d_model: usize) -> Result<Self, EngineError> {
        Ok(match data {
            Stem::Lookup { vocabulary, scale } => {
                InputStem::Lookup(reader.table(*vocabulary, d_model)?, *scale as f32)
            }
            Stem::Projection { width } => InputStem::Projection(reader.only(d_model, *width)?),
            Stem::Convolution { width, layers } => {
                InputStem::Convolution(Convolutions::read(*width, layers, reader, d_model)?)
            }
            Stem::ClassTokens { width, tokens } => {
                let vectors = reader.values(names::CLASS_TOKENS, &[*tokens, d_model])?.to_vec();
                InputStem::ClassTokens(vectors, reader.only(d_model, *width)?)
            }
        })
    }

    /// Adds the biases of the softmax that shares the table, `[vocabulary]`.
    pub(crate) fn set_bias(&mut self, bias: &[f32]) {
        if let InputStem::Lookup(table, _) = self {
            table.set_bias(bias);
        }
    }

    /// The table, for a softmax that shares it.
    pub(crate) fn table(&self) -> Option<&Weights> {
        match self {
            InputStem::Lookup(table, _) => Some(table),
            InputStem::Projection(_) | InputStem::Convolution(_) | InputStem::ClassTokens(..) => None,
        }
    }

    /// The number of positions that so many tokens or frames become.
    pub(crate) fn positions(&self, length: usize) -> usize {
        match self {
            InputStem::Lookup(..) | InputStem::Projection(_) => length,
            InputStem::Convolution(convolutions) => convolutions.positions(length),
            InputStem::ClassTokens(vectors, projection) => vectors.len() / projection.outputs() + length,
        }
    }

    /// Writes the embedding of a token, `[d_model]`.
    ///
    /// # Panics
    ///
    /// When the entrance takes frames, or there is no such token.
    pub(crate) fn token(&self, token: u32, row: &mut [f32]) {
        match self {
            InputStem::Lookup(table, scale) => {
                table.column(token as usize, row);
                row.iter_mut().for_each(|value| *value *= scale);
            }
            InputStem::Projection(_) | InputStem::Convolution(_) | InputStem::ClassTokens(..) => {
                panic!("this entrance embeds frames, not tokens")
            }
        }
    }

    /// Writes the embedded positions of a sequence, `[positions, d_model]`.
    ///
    /// # Panics
    ///
    /// When the entrance is made for the other kind of sequence.
    pub(crate) fn sequence(&self, sequence: &Sequence, rows: &mut [f32]) {
        match (self, sequence) {
            (InputStem::Lookup(table, _), Sequence::Tokens(tokens)) => {
                for (&token, row) in tokens.iter().zip(rows.chunks_exact_mut(table.inputs())) {
                    self.token(token, row);
                }
            }
            (InputStem::Projection(projection), Sequence::Frames(frames)) => {
                projection.apply(frames.values(), rows, &mut Scratch::default());
            }
            (InputStem::Convolution(convolutions), Sequence::Frames(frames)) => {
                convolutions.apply(frames.values(), frames.width(), rows);
            }
            (InputStem::ClassTokens(vectors, projection), Sequence::Frames(frames)) => {
                let (tokens, rows) = rows.split_at_mut(vectors.len());
                tokens.copy_from_slice(vectors);
                projection.apply(frames.values(), rows, &mut Scratch::default());
            }
            (InputStem::Lookup(..), Sequence::Frames(_)) => panic!("a lookup embeds tokens, not frames"),
            (_, Sequence::Tokens(_)) => panic!("this entrance embeds frames, not tokens"),
        }
    }
}
