//! Products of matrices of 32-bit floats that are packed before.
//!
//! Both factors are packed into panels ([`Rows`], [`Columns`]), whose height and width are those of the sums that the
//! registers of the processor hold at once. Each sum is one chain of fused additions along the inner side, so that it has the
//! same bits on every processor that fuses them, and wherever rows and columns are cut.

#![allow(unsafe_code)] // an instruction that fetches memory

mod packing;

use std::ops::Range;
use std::sync::LazyLock;

use pulp::{Simd, WithSimd};

use super::lines::LINE;
use super::matrix::{Matrix, MatrixMut};
use super::products::Onto;
use super::simd::{ARCH, mul_add_registers};

use packing::Panels;
pub use packing::{Columns, Rows};

/// The sums that registers hold at once: rows, and columns.
#[derive(Clone, Copy, Debug)]
struct Form {
    height: usize,
    width: usize,
}

static FORM: LazyLock<Form> = LazyLock::new(|| ARCH.dispatch(FormOfProcessor));

struct FormOfProcessor;

impl WithSimd for FormOfProcessor {
    type Output = Form;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Form {
        Form { height: most_rows::<S>(), width: REGISTERS * S::F32_LANES }
    }
}

/// Registers of columns of a panel.
const REGISTERS: usize = 2;

/// The most rows of a panel: their sums, two registers of columns and one value of a row fill the registers of the processor.
const fn most_rows<S: Simd>() -> usize {
    if S::F32_LANES >= 16 || cfg!(target_arch = "aarch64") { 14 } else { 6 }
}

/// Inner places of a block: what one panel of rows and one of columns have there stays near to the core.
const INNER: usize = 512;

/// Values of a block of columns, which a core's own cache holds beside others.
const TOGETHER: usize = 1 << 17;

/// Inner places after which a line of the next columns and rows is fetched.
const STEPS: usize = 4;

/// `output = left columns`, added to something, on this thread; `packed` is memory for the left factor, of which it packs as much
/// as stays near to the core.
///
/// # Shapes
///
/// - left: `[m, k]`; columns: `[k, n]`; output: `[m, n]`
///
/// # Panics
///
/// When the shapes do not fit.
pub fn multiply(
    output: MatrixMut<'_>,
    onto: Onto<'_>,
    left: Matrix<'_>,
    packed: &mut Rows,
    Columns(columns): &Columns,
) {
    let (_, [rows, inner], _) = left.parts();
    let mut product = Product::new(output, onto, 0);
    product.assert_is_of(rows, columns, inner);
    let places = |first: usize| first..(first + INNER).min(inner);
    for first in (0..inner.max(1)).step_by(INNER) {
        packed.pack(left.transposed().rows(places(first)).transposed());
        let part =
            |first| Part { rows: &packed.0, of_rows: 0..packed.0.inner, columns, of_columns: places(first) };
        let next = (first + INNER < inner).then(|| part(first + INNER));
        product.add_block(&[part(first)], next.as_slice());
    }
}

/// Rows of the product of two matrices whose inner side is cut into pieces, added to something, on this thread: from a row
/// on that is a multiple of [`Rows::step`], as many as the output has. The sum goes on from one piece to the next.
///
/// # Shapes
///
/// - each piece: rows `[m, k]` and columns `[k, n]`; output: `[rows, n]`
///
/// # Panics
///
/// When there are no pieces, or when the shapes do not fit.
pub fn multiply_pieces(
    output: MatrixMut<'_>,
    onto: Onto<'_>,
    pieces: &[(&Rows, &Columns)],
    first_row: usize,
) {
    let mut product = Product::new(output, onto, first_row);
    let mut blocks: Vec<Vec<Part<'_>>> = vec![Vec::new()];
    let mut place = 0;
    for (Rows(rows), Columns(columns)) in pieces {
        product.assert_is_of(rows.outer, columns, rows.inner);
        assert_eq!(rows.width, pieces[0].0.step(), "panels of one height");
        assert!(first_row.is_multiple_of(rows.width), "row {first_row} begins no panel");
        let mut first = 0;
        while first < rows.inner {
            if place == INNER {
                blocks.push(Vec::new());
                place = 0;
            }
            let inner = first..rows.inner.min(first + INNER - place);
            (first, place) = (inner.end, place + inner.len());
            let part = Part { rows, of_rows: inner.clone(), columns, of_columns: inner };
            blocks.last_mut().expect("there is a block").push(part);
        }
    }
    for (number, parts) in blocks.iter().enumerate() {
        product.add_block(parts, blocks.get(number + 1).map_or(&[], |parts| parts));
    }
}

/// A product under way.
struct Product<'a> {
    values: &'a mut [f32],
    row_count: usize,
    column_count: usize,
    row_stride: usize,
    /// What the next block is added to.
    onto: Onto<'a>,
    first_row: usize,
}

/// Inner places of a panel of rows and one of columns, as many of each.
struct Part<'a> {
    rows: &'a Panels,
    of_rows: Range<usize>,
    columns: &'a Panels,
    of_columns: Range<usize>,
}

impl<'a> Product<'a> {
    fn new(output: MatrixMut<'a>, onto: Onto<'a>, first_row: usize) -> Self {
        let (values, [row_count, column_count], row_stride) = output.into_parts();
        if let Onto::EveryRow(row) = onto {
            assert_eq!(row.len(), column_count, "a value for each column");
        }
        Self { values, row_count, column_count, row_stride, onto, first_row }
    }

    /// # Panics
    ///
    /// When the output is none of a left factor of so many rows and inner places and of columns.
    fn assert_is_of(&self, rows: usize, columns: &Panels, inner: usize) {
        assert!(
            rows >= self.first_row + self.row_count
                && columns.outer == self.column_count
                && columns.inner == inner,
            "a {} x {} matrix from row {} on is no product of {rows} x {inner} and {} x {}",
            self.row_count,
            self.column_count,
            self.first_row,
            columns.inner,
            columns.outer,
        );
    }

    /// Adds the sums of inner places; `next` are those that come after them.
    fn add_block(&mut self, parts: &[Part<'_>], next: &[Part<'_>]) {
        ARCH.dispatch(Sums { product: self, parts, next });
        self.onto = Onto::Output;
    }
}

/// Some inner places of a product, which are about to be added.
struct Sums<'a, 'b> {
    product: &'a mut Product<'b>,
    parts: &'a [Part<'a>],
    next: &'a [Part<'a>],
}

impl WithSimd for Sums<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (parts, next, onto) = (self.parts, self.next, self.product.onto);
        let columns = self.product.column_count;
        let inner: usize = parts.iter().map(|part| part.of_rows.len()).sum();
        let together = (TOGETHER / inner.max(1) / FORM.width).max(1) * FORM.width;
        for first in (0..columns).step_by(together) {
            let columns = first..(first + together).min(columns);
            self.product.rows(simd, Block { parts, next, columns, onto });
        }
    }
}

/// Some inner places of a product, and some of its columns, with which all rows are multiplied before the next.
struct Block<'a> {
    parts: &'a [Part<'a>],
    /// The inner places that come after the last columns.
    next: &'a [Part<'a>],
    columns: Range<usize>,
    onto: Onto<'a>,
}

impl Product<'_> {
    /// The sums of a block, of all rows.
    #[inline(always)]
    fn rows<S: Simd>(&mut self, simd: S, block: Block<'_>) {
        let width = REGISTERS * S::F32_LANES;
        let step = block.parts.first().map_or(1, |part| part.rows.width);
        let panels = self.row_count.div_ceil(step);
        let together = block.columns.len().div_ceil(width);
        let mut strips = Vec::with_capacity(block.parts.len());
        for (number, row) in (0..self.row_count).step_by(step).enumerate() {
            let panel = (self.first_row + row) / step;
            let height = step.min(self.row_count - row);
            for (beside, column) in block.columns.clone().step_by(width).enumerate() {
                let there = width.min(self.column_count - column);
                strips.clear();
                for (at, part) in block.parts.iter().enumerate() {
                    // Each of the rows fetches a share of the columns that come in the place of these, each of the columns
                    // one of the next rows.
                    let columns = match part.columns.panel(column / width + together, &part.of_columns) {
                        [] => block
                            .next
                            .get(at)
                            .map_or(&[][..], |next| next.columns.panel(beside, &next.of_columns)),
                        columns => columns,
                    };
                    let rows = part.rows.panel(panel + 1, &part.of_rows);
                    strips.push(Strip {
                        rows: part.rows.panel(panel, &part.of_rows),
                        columns: part.columns.panel(column / width, &part.of_columns),
                        ahead: [share(columns, number, panels), share(rows, beside, together)],
                    });
                }
                let output = &mut self.values[row * self.row_stride + column..];
                let onto = block.onto.at_column(column);
                if there == width {
                    sums_of(simd, height, &strips, onto, output, self.row_stride);
                } else {
                    at_border(simd, height, &strips, onto, output, self.row_stride, there);
                }
            }
        }
    }
}

/// One of as many shares of values, by its number.
fn share(values: &[f32], number: usize, shares: usize) -> &[f32] {
    let share = values.len().div_ceil(shares.max(1)).next_multiple_of(LINE);
    let place = |number: usize| (number * share).min(values.len());
    &values[place(number)..place(number + 1)]
}

/// Sums of strips whose columns reach beyond the border: the first `there` of them are written.
#[inline(always)]
fn at_border<S: Simd>(
    simd: S,
    height: usize,
    strips: &[Strip<'_>],
    onto: Onto<'_>,
    output: &mut [f32],
    row_stride: usize,
    there: usize,
) {
    let width = REGISTERS * S::F32_LANES;
    let mut whole = vec![0.0; height * width];
    for (row, whole) in whole.chunks_exact_mut(width).enumerate() {
        match onto {
            Onto::Nothing => {}
            Onto::Output => whole[..there].copy_from_slice(&output[row * row_stride..][..there]),
            Onto::EveryRow(values) => whole[..there].copy_from_slice(&values[..there]),
        }
    }
    sums_of(simd, height, strips, Onto::Output, &mut whole, width);
    for (row, whole) in whole.chunks_exact(width).enumerate() {
        output[row * row_stride..][..there].copy_from_slice(&whole[..there]);
    }
}

/// Inner places of a panel of rows and one of columns.
#[derive(Clone, Copy, Debug)]
struct Strip<'a> {
    rows: &'a [f32],
    columns: &'a [f32],
    /// Columns and rows that are fetched into the core's own cache meanwhile.
    ahead: [&'a [f32]; 2],
}

/// Asks for a line of values to be brought into the core's own cache.
#[inline(always)]
fn prefetch(line: &[f32]) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the instruction changes nothing that a program sees, wherever the address leads.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T1 }>(line.as_ptr().cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = line;
}

/// The sums of strips, each a panel of rows of a height and one of columns, onto what the output holds, a row, or nothing;
/// rows of the output are `row_stride` values apart.
#[inline(always)]
fn sums_of<S: Simd>(
    simd: S,
    height: usize,
    strips: &[Strip<'_>],
    onto: Onto<'_>,
    output: &mut [f32],
    row_stride: usize,
) {
    macro_rules! of_height {
        ($($rows:literal)*) => {
            match height {
                $($rows if $rows <= most_rows::<S>() => sums::<S, $rows>(simd, strips, onto, output, row_stride),)*
                _ => unreachable!("no panel has {height} rows"),
            }
        };
    }
    of_height!(1 2 3 4 5 6 7 8 9 10 11 12 13 14);
}

#[inline(always)]
fn sums<S: Simd, const ROWS: usize>(
    simd: S,
    strips: &[Strip<'_>],
    onto: Onto<'_>,
    output: &mut [f32],
    row_stride: usize,
) {
    let width = REGISTERS * S::F32_LANES;
    let mut sums = [[simd.splat_f32s(0.0); REGISTERS]; ROWS];
    match onto {
        Onto::Nothing => {}
        Onto::Output => {
            for (row, sums) in sums.iter_mut().enumerate() {
                let (values, _) = S::as_simd_f32s(&output[row * row_stride..][..width]);
                *sums = [values[0], values[1]];
            }
        }
        Onto::EveryRow(values) => {
            let (values, _) = S::as_simd_f32s(&values[..width]);
            sums = [[values[0], values[1]]; ROWS];
        }
    }
    for strip in strips {
        let rows = strip.rows.as_chunks::<ROWS>().0;
        let columns = S::as_simd_f32s(strip.columns).0.as_chunks::<REGISTERS>().0;
        let [mut ahead_columns, mut ahead_rows] = strip.ahead.map(|values| values.chunks(LINE));
        for (rows, columns) in rows.chunks(STEPS).zip(columns.chunks(STEPS)) {
            ahead_columns.next().into_iter().chain(ahead_rows.next()).for_each(prefetch);
            for (of_rows, &[left, right]) in rows.iter().zip(columns) {
                for (sums, &of_row) in sums.iter_mut().zip(of_rows) {
                    let of_row = simd.splat_f32s(of_row);
                    sums[0] = mul_add_registers(simd, of_row, left, sums[0]);
                    sums[1] = mul_add_registers(simd, of_row, right, sums[1]);
                }
            }
        }
    }
    for (row, &[left, right]) in sums.iter().enumerate() {
        let (output, _) = S::as_mut_simd_f32s(&mut output[row * row_stride..][..width]);
        (output[0], output[1]) = (left, right);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::products::tests::values;

    /// Each sum is one chain of fused additions, whatever the shape, the strides, and the start.
    #[test]
    fn sums_are_chains_of_fused_additions_at_every_shape() {
        for (rows, columns, inner) in [
            (1, 1, 1),
            (14, 32, 7),
            (15, 33, 40),
            (70, 130, 65),
            (5, 0, 3),
            (3, 3, 0),
            (6, 16, 300),
            (29, 64, 9),
        ] {
            for [transpose_rows, transpose_columns] in
                [[false, false], [false, true], [true, false], [true, true]]
            {
                let (left, right) =
                    (values((rows + 3) * (inner + 3), 1), values((inner + 2) * (columns + 2), 2));
                let a = match transpose_rows {
                    false => Matrix::strided(&left, rows, inner, inner + 3),
                    true => Matrix::strided(&left, inner, rows, rows + 3).transposed(),
                };
                let b = match transpose_columns {
                    false => Matrix::strided(&right, inner, columns, columns + 2),
                    true => Matrix::strided(&right, columns, inner, inner + 2).transposed(),
                };
                let (packed_rows, packed_columns) = (Rows::of(a), Columns::in_parallel(b));
                let (before, bias) = (values(rows * (columns + 1), 3), values(columns, 4));
                for onto in [Onto::Nothing, Onto::Output, Onto::EveryRow(&bias)] {
                    let mut output = before.clone();
                    let place = MatrixMut::strided(&mut output, rows, columns, columns + 1);
                    multiply_pieces(place, onto, &[(&packed_rows, &packed_columns)], 0);
                    for (place, &found) in output.iter().enumerate() {
                        let (row, column) = (place / (columns + 1), place % (columns + 1));
                        let start = match onto {
                            _ if column == columns => {
                                assert_eq!(found, before[place], "between rows, values stay");
                                continue;
                            }
                            Onto::Nothing => 0.0,
                            Onto::Output => before[place],
                            Onto::EveryRow(bias) => bias[column],
                        };
                        let add = |sum: f32, k: usize| {
                            crate::host::simd::mul_add(a.at(row, k), b.at(k, column), sum)
                        };
                        let expected = (0..inner).fold(start, add);
                        assert_eq!(
                            found, expected,
                            "{rows} x {columns} x {inner}, {onto:?} at {row}, {column}"
                        );
                    }
                }
            }
        }
    }

    /// A sum that goes on from piece to piece is that of all pieces together.
    #[test]
    fn pieces_of_the_inner_side_make_one_sum() {
        let (rows, columns, inner) = (70, 40, 192);
        let (left, right) = (values(inner * rows, 1), values(inner * columns, 2));
        let cut = |from: usize, to: usize| {
            let left = Matrix::new(&left[from * rows..], to - from, rows).transposed();
            (Rows::of(left), Columns::of(Matrix::new(&right[from * columns..], to - from, columns)))
        };
        let (whole, first, second) = (cut(0, inner), cut(0, 61), cut(61, inner));
        let mut expected = vec![0.0; rows * columns];
        let output = MatrixMut::new(&mut expected, rows, columns);
        multiply_pieces(output, Onto::Nothing, &[(&whole.0, &whole.1)], 0);
        let step = first.0.step();
        let mut found = vec![0.0; (rows - step) * columns];
        let output = MatrixMut::new(&mut found, rows - step, columns);
        multiply_pieces(output, Onto::Nothing, &[(&first.0, &first.1), (&second.0, &second.1)], step);
        assert_eq!(found, expected[step * columns..]);
    }
}
