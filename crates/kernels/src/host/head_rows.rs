//! Rows in which the heads of an attention stand side by side.

use super::matrix::Matrix;

/// Queries, keys or values of all heads, `[rows, heads, d_head]` within rows that may be wider: head `h` of a row
/// begins at `row * stride + column + h * d_head`.
#[derive(Clone, Copy, Debug)]
pub struct HeadRows<'a> {
    /// The values, `[rows, stride]`.
    pub values: &'a [f32],
    /// The distance between the beginnings of two rows.
    pub stride: usize,
    /// The column of the first head.
    pub column: usize,
}

impl<'a> HeadRows<'a> {
    /// Some rows of one head, `[rows, d_head]`, from row `first` on.
    ///
    /// # Panics
    ///
    /// When there are not so many rows.
    pub fn head(&self, d_head: usize, head: usize, first: usize, rows: usize) -> Matrix<'a> {
        let start = (first * self.stride + self.column + head * d_head).min(self.values.len());
        Matrix::strided(&self.values[start..], rows, d_head, self.stride)
    }
}
