//! The arithmetic of products of matrices.

use super::bfloat16::{self, Columns, Order, Rows};
use super::matrix::{Accumulate, Matrix, MatrixMut, multiply};

/// The arithmetic of the products of a pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Products {
    /// Factors and sums are 32-bit floats.
    #[default]
    Float32,
    /// Factors are rounded to bfloat16, sums are 32-bit floats that are taken in this order.
    Bfloat16(Order),
}

/// The right factor of several products, `[k, n]`, made ready once for all of them.
#[derive(Debug)]
pub enum Right<'a> {
    /// As it is.
    Float32(Matrix<'a>),
    /// Rounded to bfloat16, for sums in this order.
    Bfloat16(Columns, Order),
}

impl<'a> Right<'a> {
    /// A matrix, `[k, n]`, made ready in parallel.
    pub fn new(matrix: Matrix<'a>, products: Products) -> Self {
        match products {
            Products::Float32 => Self::Float32(matrix),
            Products::Bfloat16(order) => Self::Bfloat16(Columns::in_parallel(matrix), order),
        }
    }

    /// `output = left right`, or `output += left right`, on this thread; `packed` is memory for the left factor.
    ///
    /// # Shapes
    ///
    /// - left: `[m, k]`; output: `[m, n]`
    ///
    /// # Panics
    ///
    /// When the shapes do not fit.
    pub fn multiply(&self, output: MatrixMut<'_>, into: Accumulate, left: Matrix<'_>, packed: &mut Rows) {
        match self {
            Self::Float32(right) => multiply(output, into, left, *right),
            Self::Bfloat16(right, order) => {
                packed.pack(left);
                bfloat16::multiply(output, into, packed, right, *order);
            }
        }
    }
}
