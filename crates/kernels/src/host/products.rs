//! The arithmetic of products of matrices.

use super::bfloat16::{self, Columns, Onto, Order, Rows};
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

/// The right factor of several products, `[k, n]`, made ready once for all of them, if its arithmetic gains by it.
#[derive(Debug)]
pub struct Prepared(Option<(Columns, Order)>);

impl Prepared {
    /// A matrix, `[k, n]`, made ready in parallel.
    pub fn new(right: Matrix<'_>, products: Products) -> Self {
        match products {
            Products::Float32 => Self(None),
            Products::Bfloat16(order) => Self(Some((Columns::in_parallel(right), order))),
        }
    }

    /// The arithmetic of the products.
    pub fn products(&self) -> Products {
        self.0.as_ref().map_or(Products::Float32, |&(_, order)| Products::Bfloat16(order))
    }

    /// `output = left right`, added to something, on this thread; `right` is the matrix that was made ready, and `packed`
    /// memory for the left factor.
    ///
    /// # Shapes
    ///
    /// - left: `[m, k]`; right: `[k, n]`; output: `[m, n]`, its rows without gaps
    ///
    /// # Panics
    ///
    /// When the shapes do not fit.
    pub fn multiply(
        &self,
        output: &mut [f32],
        onto: Onto<'_>,
        left: Matrix<'_>,
        right: Matrix<'_>,
        packed: &mut Rows,
    ) {
        let (_, [rows, _], _) = left.parts();
        let (_, [_, columns], _) = right.parts();
        if let Some((right, order)) = &self.0 {
            packed.pack(left);
            return bfloat16::multiply(MatrixMut::new(output, rows, columns), onto, packed, right, *order);
        }
        let into = match onto {
            Onto::Nothing => Accumulate::Replace,
            Onto::Output => Accumulate::Add,
            Onto::EveryRow(row) => {
                output.chunks_exact_mut(columns.max(1)).for_each(|output| output.copy_from_slice(row));
                Accumulate::Add
            }
        };
        multiply(MatrixMut::new(output, rows, columns), into, left, right);
    }
}
