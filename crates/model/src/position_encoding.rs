//! The positions of one stack: vectors, rotations, and biases of distances.

use std::ops::Range;

use any2any_architecture::{
    Positions, Stack, StackKind, alibi_slopes, learned_row, relative_bucket, sinusoidal,
};
use any2any_kernels::{Mask, Rotation, Visibility, add_positions, dropout};
use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::attention::Scope;
use crate::initializer::Initializer;
use crate::pass::Pass;

/// The positions of one stack.
#[derive(Module, Debug)]
pub(crate) struct PositionEncoding {
    /// Learned vectors, `[limit, d_model]`, or biases of distances, `[buckets, heads]`.
    table: Option<Param<Tensor<2>>>,
    #[module(skip)]
    data: Positions,
    /// The number and the width of the heads of self-attention.
    #[module(skip)]
    heads: (usize, usize),
    /// True where a position sees those after it.
    both_directions: bool,
}

impl PositionEncoding {
    /// The positions of a stack, with fresh vectors.
    pub(crate) fn init(stack: &Stack, kind: StackKind, initializer: &Initializer) -> Self {
        let heads = stack.heads();
        let initializer = initializer.child("positions");
        let deviation = (stack.d_model as f64).powf(-0.5);
        let table = match stack.positions {
            Positions::Learned { limit, .. } => Some(initializer.normal([limit, stack.d_model], deviation)),
            Positions::Relative { buckets, .. } => Some(initializer.normal([buckets, heads.0], deviation)),
            _ => None,
        };
        Self { table, data: stack.positions, heads, both_directions: kind.sees_both_directions() }
    }

    /// Adds the vectors of positions to embeddings and drops elements; `first` is the number of the first position.
    ///
    /// # Shapes
    ///
    /// - input and output: `[batch, positions, d_model]`
    pub(crate) fn add(
        &self,
        input: Tensor<3>,
        first: usize,
        mask: Option<Mask>,
        pass: &mut Pass,
    ) -> Tensor<3> {
        let [_, positions, d_model] = input.dims();
        let output = match self.vectors(first..first + positions, d_model, &input.device()) {
            Some(vectors) => {
                pass.record("positions", || vectors.clone().unsqueeze::<3>());
                add_positions(input, vectors, mask)
            }
            None => dropout(input, mask),
        };
        pass.record("sum", || output.clone());
        output
    }

    /// The vectors that are added to embeddings, `[positions, d_model]`, where any are.
    fn vectors(&self, positions: Range<usize>, d_model: usize, device: &Device) -> Option<Tensor<2>> {
        let count = positions.len();
        match self.data {
            Positions::Learned { limit, offset } => {
                let rows = positions.map(|at| learned_row(at, limit, offset) as i32).collect();
                Some(self.table.as_ref()?.val().select(0, indices(rows, device)))
            }
            Positions::Sinusoidal { layout, offset } => {
                let values = sinusoidal(layout, positions.start + offset..positions.end + offset, d_model);
                Some(Tensor::from_data(TensorData::new(values, [count, d_model]), device))
            }
            _ => None,
        }
    }

    /// The scope of self-attention of `queries` positions after `first` earlier ones; `lengths`, `[batch]`,
    /// are those of padded rows.
    pub(crate) fn scope(
        &self,
        first: usize,
        queries: usize,
        lengths: Option<Vec<usize>>,
        device: &Device,
    ) -> Scope {
        let (heads, d_head) = self.heads;
        let slopes = (self.data == Positions::Alibi).then(|| alibi_slopes(heads));
        let rotation = (self.data == Positions::Rotary).then(|| Rotation::new(first, queries, d_head));
        let bias = self.distance_bias(first, queries, device);
        // One new position may see everything that is there; several need the future hidden.
        let causal = !self.both_directions && queries > 1;
        Scope { visibility: Visibility { lengths, causal, slopes, bias }, rotation }
    }

    /// The learned biases of distances, `[1, heads, queries, first + queries]`.
    fn distance_bias(&self, first: usize, queries: usize, device: &Device) -> Option<Tensor<4>> {
        let Positions::Relative { buckets, max_distance } = self.data else { return None };
        let (keys, (heads, _)) = (first + queries, self.heads);
        let bucket = |query: usize, key: usize| {
            relative_bucket(key as isize - query as isize, self.both_directions, buckets, max_distance) as i32
        };
        let rows = (first..keys).flat_map(|query| (0..keys).map(move |key| bucket(query, key))).collect();
        let values = self.table.as_ref()?.val().select(0, indices(rows, device));
        Some(values.reshape([queries, keys, heads]).permute([2, 0, 1]).unsqueeze())
    }
}

/// Indices of rows, `[rows]`.
fn indices(rows: Vec<i32>, device: &Device) -> Tensor<1, Int> {
    let count = rows.len();
    Tensor::from_data(TensorData::new(rows, [count]), device)
}
