//! Linear maps of a sub-layer, made ready once for the products of all pieces of rows.

use std::borrow::Cow;
use std::sync::{Mutex, OnceLock};

use rayon::prelude::*;

use crate::host::blocks::{Buffers, Fresh, Pieces, block_rows, even_rows, sum_of_groups, zeros};
use crate::host::layer_norm::NormLayer;
use crate::host::matrix::{Matrix, MatrixMut};
use crate::host::products::{Columns, Onto, Products, Rows, multiply_pieces};
use crate::host::rows::{Linear, LinearGradients, normalised};
use crate::host::simd::{add_rows, vectorized};

/// Rows of a matrix of weights that one thread copies at a time.
const ROWS: usize = 128;

/// One linear map, or several of one input side by side, whose outputs stand one after the other in a row.
#[derive(Debug)]
pub struct LinearMap<'a> {
    weight: Cow<'a, [f32]>,
    bias: Cow<'a, [f32]>,
    direction: Direction,
    products: Products,
    /// The weights in that direction, packed.
    packed: Columns,
}

/// The pass that a map is made ready for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From inputs to outputs.
    Forward,
    /// From the gradients of outputs to those of inputs.
    Backward,
}

impl Direction {
    /// The right factor of products with the weights of a map, `[d_input, d_output]`.
    fn of(self, weight: Matrix<'_>) -> Matrix<'_> {
        if self == Self::Forward { weight } else { weight.transposed() }
    }
}

impl<'a> LinearMap<'a> {
    /// Maps of `inputs` inputs, `[inputs, d_output]` each.
    pub fn new(parts: &[Linear<'a>], inputs: usize, products: Products, direction: Direction) -> Self {
        let (weight, bias) = match parts {
            [part] => (Cow::Borrowed(part.weight), Cow::Borrowed(part.bias)),
            parts => {
                let bias: Vec<f32> = parts.iter().flat_map(|part| part.bias).copied().collect();
                let mut weight = Fresh::new(inputs * bias.len());
                weight.par_pieces(ROWS * bias.len()).enumerate().for_each(|(number, rows)| {
                    for (row, joined) in rows.chunks_exact_mut(bias.len()).enumerate() {
                        let mut joined = joined;
                        for part in parts {
                            let width = part.bias.len();
                            let (of_part, rest) = joined.split_at_mut(width);
                            of_part.copy_from_slice(&part.weight[(number * ROWS + row) * width..][..width]);
                            joined = rest;
                        }
                    }
                });
                (weight.finish().into(), bias.into())
            }
        };
        let packed = Columns::in_parallel(direction.of(Matrix::new(&weight, inputs, bias.len())), products);
        Self { weight, bias, direction, products, packed }
    }

    /// The arithmetic of the products.
    pub fn products(&self) -> Products {
        self.products
    }

    /// The width of the input.
    pub fn inputs(&self) -> usize {
        self.weight.len() / self.outputs().max(1)
    }

    /// The width of the output.
    pub fn outputs(&self) -> usize {
        self.bias.len()
    }

    /// Memory for the packed rows of products with the map.
    pub fn scratch(&self) -> Rows {
        Rows::empty(self.products)
    }

    /// The output of consecutive rows, `[rows, d_input]` to `[rows, d_output]`, on this thread, of a map for the forward
    /// pass.
    pub fn apply(&self, input: &[f32], output: &mut [f32], packed: &mut Rows) {
        self.multiply(Direction::Forward, input, output, Onto::EveryRow(&self.bias), packed);
    }

    /// The output of consecutive rows, normalised before, `[rows, d_input]` to `[rows, d_output]`, in parallel.
    pub fn forward(&self, input: &[f32], norm: Option<NormLayer<'_>>) -> Vec<f32> {
        let (inputs, outputs) = (self.inputs().max(1), self.outputs().max(1));
        let mut output = Fresh::new(input.len() / inputs * self.outputs());
        let block = block_rows(input.len() / inputs);
        let pieces = output.par_pieces(block * outputs).zip(input.par_chunks(block * inputs));
        let buffers = Buffers::new(|| (Vec::new(), self.scratch()));
        pieces.with_max_len(1).for_each(|(output, input)| {
            buffers.with(|(scratch, packed)| self.apply(normalised(norm, input, scratch), output, packed));
        });
        output.finish()
    }

    /// The gradient of consecutive rows of the input, `[rows, d_output]` to `[rows, d_input]`, on this thread, of a map for
    /// the backward pass.
    pub fn input_gradient(&self, gradient: &[f32], output: &mut [f32], packed: &mut Rows) {
        self.multiply(Direction::Backward, gradient, output, Onto::Nothing, packed);
    }

    /// Consecutive rows times the weights in the direction that the map was made ready for; `packed` is memory for the rows.
    fn multiply(
        &self,
        direction: Direction,
        left: &[f32],
        output: &mut [f32],
        onto: Onto<'_>,
        packed: &mut Rows,
    ) {
        assert_eq!(direction, self.direction, "a map is made ready for one pass");
        let (inputs, outputs) = (self.inputs(), self.outputs());
        let (inner, columns) =
            if direction == Direction::Forward { (inputs, outputs) } else { (outputs, inputs) };
        let left = Matrix::new(left, output.len() / columns.max(1), inner);
        self.packed.multiply(output, onto, left, packed);
    }

    /// The gradient of the weights, which pieces of rows are added to.
    pub fn weight_gradient(&self, pieces: &Pieces) -> WeightGradient {
        let (part, parts) = match self.products {
            Products::Float32 if self.weight.len() <= SMALL => {
                (self.inputs(), Parts::Sums((0..pieces.groups()).map(|_| Mutex::default()).collect()))
            }
            _ => {
                let pieces = (0..pieces.count()).map(|_| OnceLock::new());
                (even_rows(self.inputs()), Parts::Packed(pieces.collect()))
            }
        };
        WeightGradient {
            inputs: self.inputs(),
            outputs: self.outputs(),
            products: self.products,
            pieces: *pieces,
            part,
            parts,
        }
    }
}

/// The gradient of a map's weights, which pieces of rows are added to.
#[derive(Debug)]
pub struct WeightGradient {
    inputs: usize,
    outputs: usize,
    products: Products,
    pieces: Pieces,
    /// Rows of the gradient that are one product.
    part: usize,
    parts: Parts,
}

/// What is there of a gradient while pieces of rows are added to it.
#[derive(Debug)]
enum Parts {
    /// The sum of each group of pieces, which its first piece brings along.
    Sums(Vec<Mutex<Option<Vec<f32>>>>),
    /// The packed factors of each piece, which are multiplied at once when all of them are there: sums of large weights, or of
    /// products as fast as those in bfloat16, would take longer to be read and written for each piece.
    Packed(Vec<OnceLock<(Rows, Columns)>>),
}

/// Weights whose sums stay in a core's own cache from piece to piece.
const SMALL: usize = 1 << 17;

impl WeightGradient {
    /// Adds a piece of rows from `first` on, and adds it to the gradient of the bias, `[d_output]`, on this thread.
    ///
    /// # Shapes
    ///
    /// - input: `[rows, d_input]`; gradient: `[rows, d_output]`
    pub fn add_with_bias(&self, first: usize, input: &[f32], gradient: &[f32], bias: &mut [f32]) {
        self.add(first, input, gradient);
        vectorized!(add_rows(bias, gradient));
    }

    /// Adds a piece of rows from `first` on, on this thread.
    ///
    /// # Shapes
    ///
    /// - input: `[rows, d_input]`; gradient: `[rows, d_output]`
    pub fn add(&self, first: usize, input: &[f32], gradient: &[f32]) {
        let rows = gradient.len() / self.outputs.max(1);
        let left = Matrix::new(input, rows, self.inputs).transposed();
        let right = Matrix::new(gradient, rows, self.outputs);
        let packed = (Rows::in_parts(left, self.part, self.products), Columns::of(right, self.products));
        match &self.parts {
            Parts::Packed(pieces) => {
                let kept = pieces[self.pieces.piece_at(first)].set(packed);
                assert!(kept.is_ok(), "each piece is there once");
            }
            Parts::Sums(groups) => {
                let mut sum = groups[self.pieces.group_at(first)].lock().expect("no piece has panicked");
                let onto = if sum.is_none() { Onto::Nothing } else { Onto::Output };
                let sum = sum.get_or_insert_with(|| vec![0.0; self.inputs * self.outputs]);
                let output = MatrixMut::new(sum, self.inputs, self.outputs);
                multiply_pieces(output, onto, &[(&packed.0, &packed.1)], 0);
            }
        }
    }

    /// The gradient, `[d_input, d_output]`, once all pieces have been added.
    ///
    /// # Panics
    ///
    /// When a piece is not there.
    pub fn finish(self) -> Vec<f32> {
        match self.parts {
            Parts::Sums(groups) => {
                let sums = groups.into_iter().map(|sum| {
                    sum.into_inner().expect("no piece has panicked").expect("all pieces are there")
                });
                sum_of_groups(sums).unwrap_or_else(|| zeros(self.inputs * self.outputs))
            }
            Parts::Packed(pieces) => {
                let packed: Vec<(Rows, Columns)> = pieces
                    .into_iter()
                    .map(|piece| piece.into_inner().expect("all pieces are there"))
                    .collect();
                let pieces: Vec<(&Rows, &Columns)> =
                    packed.iter().map(|(rows, columns)| (rows, columns)).collect();
                let Some((first, _)) = pieces.first() else { return zeros(self.inputs * self.outputs) };
                let mut gradient = Fresh::new(self.inputs * self.outputs);
                let step = self.part.next_multiple_of(first.step());
                let parts = gradient.par_pieces(step * self.outputs).enumerate();
                parts.with_max_len(1).for_each(|(number, gradient)| {
                    let rows = gradient.len() / self.outputs;
                    let output = MatrixMut::new(gradient, rows, self.outputs);
                    multiply_pieces(output, Onto::Nothing, &pieces, number * step);
                });
                gradient.finish()
            }
        }
    }
}

/// Takes the gradients of joined maps of one width apart: weight `[d_input, PARTS * d_output]`, bias
/// `[PARTS * d_output]`.
pub fn unjoin<const PARTS: usize>(joined: &LinearGradients) -> [LinearGradients; PARTS] {
    let (outputs, width) = (joined.bias.len(), joined.bias.len() / PARTS.max(1));
    std::array::from_fn(|part| {
        let mut weight = Fresh::new(joined.weight.len() / PARTS.max(1));
        let pieces = weight.par_pieces(ROWS * width);
        pieces.zip(joined.weight.par_chunks((ROWS * outputs).max(1))).for_each(|(weight, joined)| {
            for (weight, joined) in weight.chunks_exact_mut(width).zip(joined.chunks_exact(outputs)) {
                weight.copy_from_slice(&joined[part * width..][..width]);
            }
        });
        LinearGradients { weight: weight.finish(), bias: joined.bias[part * width..][..width].to_vec() }
    })
}
