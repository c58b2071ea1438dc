//! Products of matrices: the `gemm` crate for large ones, a kernel of our own for those of single attention
//! heads, where the call would cost more than the product.

#![allow(unsafe_code)] // one call into the gemm crate, in `large`

use pulp::{Simd, WithSimd};

use super::simd::{ARCH, mul_add_registers};

/// A matrix in a slice, with any strides.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

/// A matrix that is written, its rows consecutive in memory.
#[derive(Debug)]
pub struct MatrixMut<'a> {
    values: &'a mut [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
}

/// The fate of the values that the output holds already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accumulate {
    /// They are overwritten.
    Replace,
    /// The product is added to them.
    Add,
}

impl<'a> Matrix<'a> {
    /// A whole slice as consecutive rows, `[rows, columns]`.
    ///
    /// # Panics
    ///
    /// When the slice is too short.
    pub fn new(values: &'a [f32], rows: usize, columns: usize) -> Self {
        Self::strided(values, rows, columns, columns)
    }

    /// Rows, `[rows, columns]`, that begin `row_stride` values apart.
    ///
    /// # Panics
    ///
    /// When the slice is too short.
    pub fn strided(values: &'a [f32], rows: usize, columns: usize, row_stride: usize) -> Self {
        assert!(
            extent(rows, columns, row_stride, 1) <= values.len(),
            "{} values hold no {rows} x {columns} matrix of stride {row_stride}",
            values.len()
        );
        Self { values, rows, columns, row_stride, column_stride: 1 }
    }

    /// The transposed matrix, in the same memory.
    #[must_use]
    pub fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }

    /// Some of the rows.
    ///
    /// # Panics
    ///
    /// When there are not so many.
    #[must_use]
    pub fn rows(self, range: std::ops::Range<usize>) -> Self {
        assert!(range.start <= range.end && range.end <= self.rows, "rows {range:?} of {}", self.rows);
        let start = (range.start * self.row_stride).min(self.values.len());
        Self { values: &self.values[start..], rows: range.len(), ..self }
    }
}

impl<'a> MatrixMut<'a> {
    /// A whole slice as consecutive rows, `[rows, columns]`.
    ///
    /// # Panics
    ///
    /// When the slice is too short.
    pub fn new(values: &'a mut [f32], rows: usize, columns: usize) -> Self {
        Self::strided(values, rows, columns, columns)
    }

    /// Rows, `[rows, columns]`, that begin `row_stride` values apart.
    ///
    /// # Panics
    ///
    /// When the slice is too short, or rows overlap.
    pub fn strided(values: &'a mut [f32], rows: usize, columns: usize, row_stride: usize) -> Self {
        assert!(rows <= 1 || row_stride >= columns, "rows of {columns} overlap at stride {row_stride}");
        assert!(
            extent(rows, columns, row_stride, 1) <= values.len(),
            "{} values hold no {rows} x {columns} matrix of stride {row_stride}",
            values.len()
        );
        Self { values, rows, columns, row_stride }
    }
}

impl<'a> MatrixMut<'a> {
    /// The values, the numbers of rows and columns, and the distance between the beginnings of two rows.
    pub(crate) fn into_parts(self) -> (&'a mut [f32], [usize; 2], usize) {
        (self.values, [self.rows, self.columns], self.row_stride)
    }
}

impl<'a> Matrix<'a> {
    /// The values, the numbers of rows and columns, and the distances between them.
    pub(crate) fn parts(self) -> (&'a [f32], [usize; 2], [usize; 2]) {
        (self.values, [self.rows, self.columns], [self.row_stride, self.column_stride])
    }

    /// One value.
    #[cfg(test)]
    pub(crate) fn at(self, row: usize, column: usize) -> f32 {
        self.values[row * self.row_stride + column * self.column_stride]
    }
}

/// The number of values that a matrix reaches over.
fn extent(rows: usize, columns: usize, row_stride: usize, column_stride: usize) -> usize {
    if rows == 0 || columns == 0 { 0 } else { (rows - 1) * row_stride + (columns - 1) * column_stride + 1 }
}

/// Multiplications below which a product is made by our own kernel.
const SMALL: usize = 1 << 17;

/// `output = a b`, or `output += a b`, on this thread.
///
/// # Shapes
///
/// - a: `[m, k]`; b: `[k, n]`; output: `[m, n]`
///
/// # Panics
///
/// When the shapes do not fit.
pub fn multiply(output: MatrixMut<'_>, into: Accumulate, a: Matrix<'_>, b: Matrix<'_>) {
    assert!(
        a.rows == output.rows && b.columns == output.columns && a.columns == b.rows,
        "a {} x {} matrix is no product of {} x {} and {} x {}",
        output.rows,
        output.columns,
        a.rows,
        a.columns,
        b.rows,
        b.columns
    );
    let work = output.rows * output.columns * a.columns;
    if b.column_stride == 1 && work < SMALL {
        small(output, into, a, b);
    } else {
        large(output, into, a, b);
    }
}

/// In WebAssembly the kernel for small ones does: the crate's own are many, and none of them is made for it.
#[cfg(target_family = "wasm")]
fn large(output: MatrixMut<'_>, into: Accumulate, a: Matrix<'_>, b: Matrix<'_>) {
    if b.column_stride == 1 {
        return small(output, into, a, b);
    }
    let rows: Vec<f32> = (0..b.rows * b.columns)
        .map(|at| b.values[at / b.columns * b.row_stride + at % b.columns * b.column_stride])
        .collect();
    small(output, into, a, Matrix::new(&rows, b.rows, b.columns));
}

#[cfg(not(target_family = "wasm"))]
fn large(output: MatrixMut<'_>, into: Accumulate, a: Matrix<'_>, b: Matrix<'_>) {
    if output.rows == 0 || output.columns == 0 {
        return;
    }
    // SAFETY: the call reads `a` and `b` and reads and writes `output` at
    // `row * row_stride + column * column_stride` for rows and columns below the given counts. Each type's
    // constructors have checked that the last such place lies within its slice, `rows` and `transposed` keep
    // that true, and `multiply` has checked that the three shapes fit one another. `output` is borrowed
    // mutably, so it overlaps neither `a` nor `b`, and its rows do not overlap. Every float is initialised.
    // Strides fit in isize because slices do.
    unsafe {
        gemm::gemm(
            output.rows,
            output.columns,
            a.columns,
            output.values.as_mut_ptr(),
            1,
            output.row_stride as isize,
            into == Accumulate::Add,
            a.values.as_ptr(),
            a.column_stride as isize,
            a.row_stride as isize,
            b.values.as_ptr(),
            b.column_stride as isize,
            b.row_stride as isize,
            1.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

/// Rows of the output whose sums registers hold at once, in two registers of columns.
const TILE_ROWS: usize = 4;

fn small(output: MatrixMut<'_>, into: Accumulate, a: Matrix<'_>, b: Matrix<'_>) {
    ARCH.dispatch(Small { output, into, a, b });
}

/// A small product under way; rows of `b` are without gaps.
struct Small<'a> {
    output: MatrixMut<'a>,
    into: Accumulate,
    a: Matrix<'a>,
    b: Matrix<'a>,
}

impl WithSimd for Small<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let rows = self.output.rows;
        let whole = rows - rows % TILE_ROWS;
        for row in (0..whole).step_by(TILE_ROWS) {
            self.rows::<S, TILE_ROWS>(simd, row);
        }
        for row in whole..rows {
            self.rows::<S, 1>(simd, row);
        }
    }
}

impl Small<'_> {
    /// All columns of `ROWS` rows of the output.
    #[inline(always)]
    fn rows<S: Simd, const ROWS: usize>(&mut self, simd: S, row: usize) {
        let columns = self.output.columns;
        let mut column = 0;
        while column + 2 * S::F32_LANES <= columns {
            self.two_registers::<S, ROWS>(simd, row, column);
            column += 2 * S::F32_LANES;
        }
        while column < columns {
            self.one_register::<S, ROWS>(simd, row, column);
            column += S::F32_LANES;
        }
    }

    /// `ROWS` rows times two registers of columns of the output. Each value is one chain of fused additions, whatever stands
    /// beside it.
    #[inline(always)]
    fn two_registers<S: Simd, const ROWS: usize>(&mut self, simd: S, row: usize, column: usize) {
        let Self { output, into, a, b } = self;
        let width = 2 * S::F32_LANES;
        let mut sums = [[simd.splat_f32s(0.0); 2]; ROWS];
        for inner in 0..a.columns {
            let (of_b, _) = S::as_simd_f32s(&b.values[inner * b.row_stride + column..][..width]);
            let (left, right) = (of_b[0], of_b[1]);
            for (offset, sums) in sums.iter_mut().enumerate() {
                let of_a = simd.splat_f32s(a.values[(row + offset) * a.row_stride + inner * a.column_stride]);
                sums[0] = mul_add_registers(simd, of_a, left, sums[0]);
                sums[1] = mul_add_registers(simd, of_a, right, sums[1]);
            }
        }
        for (offset, &[left, right]) in sums.iter().enumerate() {
            let output = &mut output.values[(row + offset) * output.row_stride + column..][..width];
            let (output, _) = S::as_mut_simd_f32s(output);
            let add = *into == Accumulate::Add;
            output[0] = if add { simd.add_f32s(output[0], left) } else { left };
            output[1] = if add { simd.add_f32s(output[1], right) } else { right };
        }
    }

    /// `ROWS` rows times one register of columns of the output, fewer at its end.
    #[inline(always)]
    fn one_register<S: Simd, const ROWS: usize>(&mut self, simd: S, row: usize, column: usize) {
        let Self { output, into, a, b } = self;
        let width = S::F32_LANES.min(output.columns - column);
        let mut sums = [simd.splat_f32s(0.0); ROWS];
        for inner in 0..a.columns {
            let of_b = simd.partial_load_f32s(&b.values[inner * b.row_stride + column..][..width]);
            for (offset, sum) in sums.iter_mut().enumerate() {
                let of_a = simd.splat_f32s(a.values[(row + offset) * a.row_stride + inner * a.column_stride]);
                *sum = mul_add_registers(simd, of_a, of_b, *sum);
            }
        }
        for (offset, &sum) in sums.iter().enumerate() {
            let output = &mut output.values[(row + offset) * output.row_stride + column..][..width];
            let add = *into == Accumulate::Add;
            let sum = if add { simd.add_f32s(simd.partial_load_f32s(output), sum) } else { sum };
            simd.partial_store_f32s(output, sum);
        }
    }
}

/// Copies a matrix whose rows have no gaps, `[rows, columns]`, so that its columns become rows, each filled up with zeros:
/// `[columns, width]`.
///
/// # Panics
///
/// When `output` is shorter than `columns * width`, or `width` than the matrix has rows.
#[inline(always)]
pub fn transpose_into(output: &mut [f32], width: usize, matrix: Matrix<'_>) {
    /// Rows that are read at a time, whose values lie side by side in the output.
    const TOGETHER: usize = 4;

    let Matrix { values, rows, columns, row_stride, column_stride } = matrix;
    assert_eq!(column_stride, 1, "rows without gaps");
    let (output, width) = (&mut output[..columns * width], width.max(1));
    let row = |row: usize| &values[row * row_stride..][..columns];
    let whole = rows - rows % TOGETHER;
    for first in (0..whole).step_by(TOGETHER) {
        let rows: [&[f32]; TOGETHER] = std::array::from_fn(|offset| row(first + offset));
        for (column, output) in output.chunks_exact_mut(width).enumerate() {
            let values: [f32; TOGETHER] = std::array::from_fn(|offset| rows[offset][column]);
            output[first..first + TOGETHER].copy_from_slice(&values);
        }
    }
    for number in whole..rows {
        for (output, &value) in output.chunks_exact_mut(width).zip(row(number)) {
            output[number] = value;
        }
    }
    output.chunks_exact_mut(width).for_each(|output| output[rows..].fill(0.0));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(count: usize, seed: u32) -> Vec<f32> {
        (0..count as u32).map(|at| ((at * 37 + seed * 101) % 23) as f32 / 11.0 - 1.0).collect()
    }

    #[test]
    fn products_equal_the_definition_at_every_shape_and_stride() {
        for (rows, columns, inner) in
            [(1, 1, 1), (4, 32, 8), (5, 51, 7), (3, 16, 0), (0, 4, 4), (64, 70, 65), (2, 3, 300)]
        {
            for transpose_a in [false, true] {
                for transpose_b in [false, true] {
                    for into in [Accumulate::Replace, Accumulate::Add] {
                        let (of_a, of_b) = (
                            values(rows * (inner + 3) + inner * (rows + 3), 1),
                            values(inner * (columns + 2) + columns * (inner + 2), 2),
                        );
                        let a = match transpose_a {
                            false => Matrix::strided(&of_a, rows, inner, inner + 3),
                            true => Matrix::strided(&of_a, inner, rows, rows + 3).transposed(),
                        };
                        let b = match transpose_b {
                            false => Matrix::strided(&of_b, inner, columns, columns + 2),
                            true => Matrix::strided(&of_b, columns, inner, inner + 2).transposed(),
                        };
                        let before = values(rows * (columns + 1), 3);
                        let mut output = before.clone();
                        multiply(MatrixMut::strided(&mut output, rows, columns, columns + 1), into, a, b);
                        let mut forced = before.clone();
                        large(MatrixMut::strided(&mut forced, rows, columns, columns + 1), into, a, b);
                        for row in 0..rows {
                            for column in 0..=columns {
                                let place = row * (columns + 1) + column;
                                let mut expected = if into == Accumulate::Add { before[place] } else { 0.0 };
                                if column == columns {
                                    expected = before[place]; // between the rows: left alone
                                } else {
                                    for k in 0..inner {
                                        expected += a.at(row, k) * b.at(k, column);
                                    }
                                }
                                for found in [output[place], forced[place]] {
                                    assert!(
                                        (found - expected).abs() < 1e-4,
                                        "{rows} x {columns} x {inner} at {row}, {column}: {found}, not {expected}"
                                    );
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "hold no 3 x 4 matrix")]
    fn short_slices_are_refused() {
        Matrix::new(&[0.0; 11], 3, 4);
    }
}
