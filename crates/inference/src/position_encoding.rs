//! The positions of one stack: vectors, rotations, and biases of distances.

use std::ops::Range;

use any2any_architecture::{
    Attention, Positions, Stack, StackKind, alibi_slopes, learned_row, names, sinusoidal,
};
use any2any_kernels::Rotation;
use any2any_kernels::host::decode::distance::{DistanceBias, DistanceRule};
use any2any_kernels::host::decode::elementwise::join;

use crate::error::EngineError;
use crate::parameters::Reader;

/// The positions of one stack.
#[derive(Debug)]
pub(crate) struct PositionEncoding {
    data: Positions,
    /// Learned vectors, `[limit, d_model]`; empty unless positions are learned.
    table: Vec<f32>,
    /// The bias of distances in the scores of self-attention.
    distance: Option<DistanceRule>,
    d_model: usize,
    d_head: usize,
    /// True where a position sees those after it.
    both_directions: bool,
}

/// The encoding of some consecutive positions.
#[derive(Debug)]
pub(crate) struct EncodedPositions {
    first: usize,
    /// Vectors that are added to embeddings, `[positions, d_model]`; empty when nothing is added.
    vectors: Vec<f32>,
    /// The rotation of queries and keys.
    rotation: Option<Rotation>,
    /// The bias of distances in the scores of self-attention.
    bias: Option<DistanceBias>,
    d_model: usize,
}

impl PositionEncoding {
    pub(crate) fn read(stack: &Stack, kind: StackKind, reader: &Reader<'_>) -> Result<Self, EngineError> {
        let (heads, d_head) = stack.heads();
        let table =
            |shape: [usize; 2]| Ok(reader.child(names::POSITIONS).values(names::TABLE, &shape)?.to_vec());
        let both_directions = kind.sees_both_directions();
        let distance = match stack.positions {
            Positions::Alibi => Some(DistanceRule::Slopes(alibi_slopes(heads))),
            Positions::Relative { buckets, max_distance } => {
                let table = table([buckets, heads])?;
                Some(DistanceRule::Buckets { table, buckets, max_distance, both: both_directions })
            }
            _ => None,
        };
        let learned = match stack.positions {
            Positions::Learned { limit, .. } => table([limit, stack.d_model])?,
            _ => Vec::new(),
        };
        let (data, d_model) = (stack.positions, stack.d_model);
        Ok(Self { data, table: learned, distance, d_model, d_head, both_directions })
    }

    /// The encoding of these positions; self-attention of each sees all before it, and where it sees both directions
    /// those of the range after it.
    pub(crate) fn encode(&self, range: Range<usize>) -> EncodedPositions {
        let d_model = self.d_model;
        let vectors = match self.data {
            Positions::Sinusoidal { layout, offset } => {
                sinusoidal(layout, range.start + offset..range.end + offset, d_model)
            }
            Positions::Learned { limit, offset } => {
                let row = |position: usize| {
                    &self.table[learned_row(position, limit, offset) * d_model..][..d_model]
                };
                range.clone().flat_map(row).copied().collect()
            }
            _ => Vec::new(),
        };
        let rotation =
            (self.data == Positions::Rotary).then(|| Rotation::new(range.start, range.len(), self.d_head));
        let after = if self.both_directions { range.len().saturating_sub(1) } else { 0 };
        let bias = self.distance.as_ref().map(|rule| rule.between(range.end.saturating_sub(1), after));
        EncodedPositions { first: range.start, vectors, rotation, bias, d_model }
    }
}

impl EncodedPositions {
    /// The bias of distances in the scores of self-attention.
    pub(crate) fn bias(&self) -> Option<&DistanceBias> {
        self.bias.as_ref()
    }

    /// Adds the vector of a position to its row, `[d_model]`.
    pub(crate) fn add(&self, position: usize, row: &mut [f32]) {
        if !self.vectors.is_empty() {
            join(row, 1.0, &self.vectors[(position - self.first) * self.d_model..][..self.d_model]);
        }
    }

    /// Rotates queries and keys, the first two thirds of rows, `[rows, 3 * heads * d_head]`: rows of consecutive
    /// positions from the first, or rows that all stand at the one position there is.
    pub(crate) fn apply_rotary(&self, projected: &mut [f32], heads: &Attention) {
        if let Some(rotation) = &self.rotation {
            rotation.apply_rotary(projected, 3 * heads.width(), 2 * heads.heads, false);
        }
    }
}
