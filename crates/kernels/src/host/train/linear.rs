//! Linear maps of a sub-layer, made ready once for the products of all pieces of rows.

use std::borrow::Cow;
use std::sync::OnceLock;

use rayon::prelude::*;

use crate::host::bfloat16::{self, Columns, Onto, Order, Rows};
use crate::host::blocks::block_rows;
use crate::host::layer_norm::NormLayer;
use crate::host::matrix::{Accumulate, Matrix, MatrixMut, multiply};
use crate::host::products::{Prepared, Products};
use crate::host::rows::{Linear, LinearGradients, normalised};
use crate::host::simd::{add, vectorized};

/// One linear map, or several of one input side by side, whose outputs stand one after the other in a row.
#[derive(Debug)]
pub struct LinearMap<'a> {
    weight: Cow<'a, [f32]>,
    bias: Cow<'a, [f32]>,
    direction: Direction,
    /// The weights in that direction.
    prepared: Prepared,
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
                let mut weight = Vec::with_capacity(parts.iter().map(|part| part.weight.len()).sum());
                for row in 0..inputs {
                    for part in parts {
                        weight.extend_from_slice(&part.weight[row * part.bias.len()..][..part.bias.len()]);
                    }
                }
                (weight.into(), parts.iter().flat_map(|part| part.bias).copied().collect())
            }
        };
        let prepared = Prepared::new(direction.of(Matrix::new(&weight, inputs, bias.len())), products);
        Self { weight, bias, direction, prepared }
    }

    /// The arithmetic of the products.
    pub fn products(&self) -> Products {
        self.prepared.products()
    }

    /// The width of the input.
    pub fn inputs(&self) -> usize {
        self.weight.len() / self.outputs().max(1)
    }

    /// The width of the output.
    pub fn outputs(&self) -> usize {
        self.bias.len()
    }

    /// The output of consecutive rows, `[rows, d_input]` to `[rows, d_output]`, on this thread, of a map for the forward
    /// pass.
    pub fn apply(&self, input: &[f32], output: &mut [f32], packed: &mut Rows) {
        self.multiply(Direction::Forward, input, output, Onto::EveryRow(&self.bias), packed);
    }

    /// The output of consecutive rows, normalised before, `[rows, d_input]` to `[rows, d_output]`, in parallel.
    pub fn forward(&self, input: &[f32], norm: Option<NormLayer<'_>>) -> Vec<f32> {
        let (inputs, outputs) = (self.inputs().max(1), self.outputs().max(1));
        let mut output = vec![0.0; input.len() / inputs * outputs];
        let block = block_rows(input.len() / inputs, self.products());
        output.par_chunks_mut(block * outputs).zip(input.par_chunks(block * inputs)).for_each_init(
            <(Vec<f32>, Rows)>::default,
            |(scratch, packed), (output, input)| {
                self.apply(normalised(norm, input, scratch), output, packed);
            },
        );
        output
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
        let right = direction.of(Matrix::new(&self.weight, inputs, outputs));
        self.prepared.multiply(output, onto, left, right, packed);
    }

    /// The gradient of the weights, of `rows` rows in pieces of `block`.
    pub fn weight_gradient(&self, rows: usize, block: usize) -> WeightGradient {
        let packed = match self.products() {
            Products::Float32 => None,
            Products::Bfloat16(order) => {
                let pieces = rows.div_ceil(block.max(1));
                Some((order, (0..pieces).map(|_| OnceLock::new()).collect()))
            }
        };
        WeightGradient { inputs: self.inputs(), outputs: self.outputs(), block, packed }
    }
}

/// The gradient of a map's weights, which pieces of rows are added to.
///
/// Of 32-bit floats it is a sum that each group of pieces has for itself. In bfloat16 a product is so fast that such sums
/// would take longer to be read and written: the pieces are kept, and multiplied at once when all of them are there.
#[derive(Debug)]
pub struct WeightGradient {
    inputs: usize,
    outputs: usize,
    /// Rows of a piece.
    block: usize,
    packed: Option<(Order, Vec<Piece>)>,
}

/// The packed factors of a piece of rows, once they are there.
type Piece = OnceLock<(Rows, Columns)>;

/// Rows of a gradient that one thread multiplies, so that their packed factors fit a core's own cache.
const ROWS: usize = 128;

impl WeightGradient {
    /// The number of values of a group's sum.
    pub fn sums(&self) -> usize {
        if self.packed.is_some() { 0 } else { self.inputs * self.outputs }
    }

    /// Adds a piece of rows from `first` on to the sum of its group, `[sums]`, and to the gradient of the bias,
    /// `[d_output]`, on this thread.
    ///
    /// # Shapes
    ///
    /// - input: `[rows, d_input]`; gradient: `[rows, d_output]`
    pub fn add(&self, first: usize, input: &[f32], gradient: &[f32], sum: &mut [f32], bias: &mut [f32]) {
        let rows = gradient.len() / self.outputs.max(1);
        let left = Matrix::new(input, rows, self.inputs).transposed();
        let right = Matrix::new(gradient, rows, self.outputs);
        match &self.packed {
            Some((_, pieces)) => {
                let kept = pieces[first / self.block].set((Rows::of(left), Columns::of(right)));
                assert!(kept.is_ok(), "each piece is there once");
            }
            None => multiply(MatrixMut::new(sum, self.inputs, self.outputs), Accumulate::Add, left, right),
        }
        vectorized!(gradient.chunks_exact(self.outputs.max(1)).for_each(|row| add(bias, row)));
    }

    /// The gradient, `[d_input, d_output]`, from the sum of all groups, `[sums]`.
    ///
    /// # Panics
    ///
    /// When a piece is not there.
    pub fn finish(self, sum: &[f32]) -> Vec<f32> {
        let Some((order, pieces)) = self.packed else { return sum.to_vec() };
        let pieces: Vec<(Rows, Columns)> =
            pieces.into_iter().map(|piece| piece.into_inner().expect("all pieces are there")).collect();
        let pieces: Vec<(&Rows, &Columns)> = pieces.iter().map(|(rows, columns)| (rows, columns)).collect();
        let mut gradient = vec![0.0; self.inputs * self.outputs];
        let parts = gradient.par_chunks_mut((ROWS * self.outputs).max(1)).enumerate();
        parts.for_each(|(number, gradient)| {
            let rows = gradient.len() / self.outputs;
            let output = MatrixMut::new(gradient, rows, self.outputs);
            bfloat16::multiply_pieces(output, Onto::Nothing, &pieces, number * ROWS, order);
        });
        gradient
    }
}

/// Takes the gradients of joined maps of one width apart: weight `[d_input, PARTS * d_output]`, bias
/// `[PARTS * d_output]`.
pub fn unjoin<const PARTS: usize>(joined: &LinearGradients) -> [LinearGradients; PARTS] {
    let (outputs, width) = (joined.bias.len(), joined.bias.len() / PARTS.max(1));
    std::array::from_fn(|part| {
        let mut weight = Vec::with_capacity(joined.weight.len() / PARTS.max(1));
        for row in joined.weight.chunks_exact(outputs.max(1)) {
            weight.extend_from_slice(&row[part * width..][..width]);
        }
        LinearGradients { weight, bias: joined.bias[part * width..][..width].to_vec() }
    })
}
