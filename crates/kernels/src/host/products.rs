//! The arithmetic of products of matrices.

use super::bfloat16::{self, Order};
use super::float32;
use super::matrix::{Matrix, MatrixMut};

/// The arithmetic of the products of a pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Products {
    /// Factors and sums are 32-bit floats.
    #[default]
    Float32,
    /// Factors are rounded to bfloat16, sums are 32-bit floats that are taken in this order.
    Bfloat16(Order),
}

/// What a product is added to: where its sums begin.
#[derive(Clone, Copy, Debug)]
pub enum Onto<'a> {
    /// Nothing: what the output holds is overwritten.
    Nothing,
    /// The values that the output holds.
    Output,
    /// The same row at each row of the output, `[n]`.
    EveryRow(&'a [f32]),
}

impl Onto<'_> {
    /// What the columns from one on are added to.
    pub(super) fn at_column(&self, column: usize) -> Self {
        match self {
            Self::EveryRow(row) => Self::EveryRow(&row[column..]),
            other => *other,
        }
    }
}

/// The left factor of products, `[m, k]`, packed for their arithmetic.
#[derive(Debug)]
pub enum Rows {
    /// As 32-bit floats.
    Float32(float32::Rows),
    /// In bfloat16, to be summed in an order.
    Bfloat16(bfloat16::Rows, Order),
}

/// The right factor of products, `[k, n]`, packed for their arithmetic.
#[derive(Debug)]
pub enum Columns {
    /// As 32-bit floats.
    Float32(float32::Columns),
    /// In bfloat16.
    Bfloat16(bfloat16::Columns),
}

impl Rows {
    /// A left factor without rows, for [`pack`](Self::pack).
    pub fn empty(products: Products) -> Self {
        match products {
            Products::Float32 => Self::Float32(float32::Rows::default()),
            Products::Bfloat16(order) => Self::Bfloat16(bfloat16::Rows::default(), order),
        }
    }

    /// A matrix, `[m, k]`.
    pub fn of(matrix: Matrix<'_>, products: Products) -> Self {
        let mut rows = Self::empty(products);
        rows.pack(matrix);
        rows
    }

    /// A matrix, `[m, k]`, whose products have parts of about `part` rows: of the multiple of [`step`](Self::step) from there
    /// on.
    pub fn in_parts(matrix: Matrix<'_>, part: usize, products: Products) -> Self {
        match products {
            Products::Float32 => Self::Float32(float32::Rows::in_parts(matrix, part)),
            Products::Bfloat16(order) => Self::Bfloat16(bfloat16::Rows::of(matrix), order),
        }
    }

    /// Takes another matrix, `[m, k]`, in the same memory.
    pub fn pack(&mut self, matrix: Matrix<'_>) {
        match self {
            Self::Float32(rows) => rows.pack(matrix),
            Self::Bfloat16(rows, _) => rows.pack(matrix),
        }
    }

    /// Rows of which a part of a product has a multiple, if others follow.
    pub fn step(&self) -> usize {
        match self {
            Self::Float32(rows) => rows.step(),
            Self::Bfloat16(..) => bfloat16::STEP,
        }
    }
}

impl Columns {
    /// A matrix, `[k, n]`.
    pub fn of(matrix: Matrix<'_>, products: Products) -> Self {
        match products {
            Products::Float32 => Self::Float32(float32::Columns::of(matrix)),
            Products::Bfloat16(_) => Self::Bfloat16(bfloat16::Columns::of(matrix)),
        }
    }

    /// A matrix, `[k, n]`, packed in parallel.
    pub fn in_parallel(matrix: Matrix<'_>, products: Products) -> Self {
        match products {
            Products::Float32 => Self::Float32(float32::Columns::in_parallel(matrix)),
            Products::Bfloat16(_) => Self::Bfloat16(bfloat16::Columns::in_parallel(matrix)),
        }
    }

    /// `output = left columns`, added to something, on this thread; `packed` is memory for the left factor, of the same
    /// arithmetic.
    ///
    /// # Shapes
    ///
    /// - left: `[m, k]`; columns: `[k, n]`; output: `[m, n]`, its rows without gaps
    ///
    /// # Panics
    ///
    /// When the shapes or the arithmetics do not fit.
    pub fn multiply(&self, output: &mut [f32], onto: Onto<'_>, left: Matrix<'_>, packed: &mut Rows) {
        let (_, [rows, _], _) = left.parts();
        match (packed, self) {
            (Rows::Float32(packed), Self::Float32(columns)) => {
                float32::multiply(MatrixMut::new(output, rows, columns.count()), onto, left, packed, columns);
            }
            (Rows::Bfloat16(packed, order), Self::Bfloat16(columns)) => {
                packed.pack(left);
                let output = MatrixMut::new(output, rows, columns.count());
                bfloat16::multiply_pieces(output, onto, &[(packed, columns)], 0, *order);
            }
            _ => panic!("{UNLIKE}"),
        }
    }
}

const UNLIKE: &str = "all factors have one arithmetic";

/// Rows of the product of two matrices whose inner side is cut into pieces, added to something, on this thread: from a row
/// on that is a multiple of [`Rows::step`], as many as the output has. The sum goes on from one piece to the next.
///
/// # Shapes
///
/// - each piece: rows `[m, k]` and columns `[k, n]`; output: `[rows, n]`
///
/// # Panics
///
/// When there are no pieces, or when the shapes or the arithmetics do not fit.
pub fn multiply_pieces(
    output: MatrixMut<'_>,
    onto: Onto<'_>,
    pieces: &[(&Rows, &Columns)],
    first_row: usize,
) {
    match pieces[0].0 {
        Rows::Float32(_) => {
            let pieces: Vec<_> = pieces
                .iter()
                .map(|&piece| match piece {
                    (Rows::Float32(rows), Columns::Float32(columns)) => (rows, columns),
                    _ => panic!("{UNLIKE}"),
                })
                .collect();
            float32::multiply_pieces(output, onto, &pieces, first_row);
        }
        &Rows::Bfloat16(_, order) => {
            let pieces: Vec<_> = pieces
                .iter()
                .map(|&piece| match piece {
                    (Rows::Bfloat16(rows, of_rows), Columns::Bfloat16(columns)) if *of_rows == order => {
                        (rows, columns)
                    }
                    _ => panic!("{UNLIKE}"),
                })
                .collect();
            bfloat16::multiply_pieces(output, onto, &pieces, first_row, order);
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    /// Numbers from -1 to 1, the same of each seed.
    pub(in crate::host) fn values(count: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..count).map(|_| next()).collect()
    }
}
