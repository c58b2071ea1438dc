//! Products of matrices whose factors are rounded to bfloat16, a 32-bit float without the lower half of its digits, and
//! whose sums are 32-bit floats.
//!
//! Both factors are packed into tiles ([`Rows`], [`Columns`]) before they are multiplied. A sum is taken in one of two
//! orders, those of the two kinds of instructions that processors have for it ([`Order`]). A processor without the
//! instructions computes the same roundings in the same order with others, more slowly: a sum has the same bits
//! everywhere.

mod emulation;
mod packing;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod tile_instructions;
#[cfg(target_arch = "x86_64")]
mod vector_instructions;

use super::matrix::MatrixMut;
use super::products::Onto;

pub use packing::{Columns, Rows};

/// Rows, columns, and pairs of inner places of a tile.
const SIDE: usize = 16;

/// Rows of which a part of a product has a multiple, if others follow: two tiles of them.
pub const STEP: usize = 2 * SIDE;

/// Inner places of a tile.
const INNER: usize = 2 * SIDE;

/// Values of a tile, two and two in a word: the even inner place in the lower half.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Tile([u32; SIDE * SIDE]);

/// The sums of two tiles of rows and two of columns.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
struct Block([[f32; 2 * SIDE]; 2 * SIDE]);

/// The order in which a sum of products is taken. Whatever is too small for a normal 32-bit float is 0 in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// Of each two products the second is added to the sum first, each rounded once: `VDPBF16PS`, which AVX-512 has with
    /// `AVX512_BF16`.
    Pairs,
    /// Of each 32 products those at even places and those at odd places are summed apart, both sums are added, and that to
    /// the sum: `TDPBF16PS`, which AMX has with `AMX-BF16`.
    Tiles,
}

impl Order {
    /// Both, the fastest first where a processor has all instructions.
    pub const ALL: [Self; 2] = [Self::Tiles, Self::Pairs];

    /// True when this processor has instructions for the order, and they have been seen to keep it.
    pub fn has_instructions(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Pairs => vector_instructions::are_there(),
            #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
            Self::Tiles => tile_instructions::are_there(),
            #[allow(unreachable_patterns)]
            _ => false,
        }
    }
}

/// Rows of the product of two matrices whose inner side is cut into pieces, added to something, on this thread: from a
/// row on that is a multiple of 32, as many as the output has. The sum goes on from one piece to the next.
///
/// # Shapes
///
/// - each piece: rows `[m, k]` and columns `[k, n]`; output: `[rows, n]`
///
/// # Panics
///
/// When the shapes do not fit.
pub fn multiply_pieces(
    output: MatrixMut<'_>,
    onto: Onto<'_>,
    pieces: &[(&Rows, &Columns)],
    first_row: usize,
    order: Order,
) {
    let (values, [row_count, column_count], row_stride) = output.into_parts();
    assert!(first_row.is_multiple_of(STEP), "row {first_row} begins no tiles");
    for (Rows(rows), Columns(columns)) in pieces {
        assert!(
            rows.outer >= first_row + row_count
                && columns.outer == column_count
                && rows.inner == columns.inner,
            "a {row_count} x {column_count} matrix from row {first_row} on is no product of {} x {} and {} x {}",
            rows.outer,
            rows.inner,
            columns.inner,
            columns.outer,
        );
    }
    if let Onto::EveryRow(row) = onto {
        assert_eq!(row.len(), column_count, "a value for each column");
    }
    let kernel = Kernel::of(order);
    let inner: usize = pieces.iter().map(|(rows, _)| rows.0.inner.next_multiple_of(INNER)).sum();
    let together = (CACHED / (inner.max(1) * 2 * SIDE)).max(1) * 2 * SIDE;
    let places = (0..column_count).step_by(together).flat_map(|first| {
        let columns = first..(first + together).min(column_count);
        (0..row_count)
            .step_by(2 * SIDE)
            .flat_map(move |row| columns.clone().step_by(2 * SIDE).map(move |column| (row, column)))
    });
    let mut strips = Vec::with_capacity(pieces.len());
    let mut places = places.peekable();
    while let Some(place) = places.next() {
        let next = *places.peek().unwrap_or(&place);
        strips.clear();
        strips.extend(pieces.iter().map(|(Rows(rows), Columns(columns))| {
            let rows_at = |(row, _): (usize, usize)| rows.two((first_row + row) / (2 * SIDE));
            let columns_at = |(_, column): (usize, usize)| columns.two(column / (2 * SIDE));
            // Columns are near once a row has been multiplied with them, and a row once a column has been.
            let first_of_row = next.1.is_multiple_of(together);
            let ahead = [
                if first_of_row { rows_at(next) } else { [&[][..]; 2] },
                if next.0 == 0 { columns_at(next) } else { [&[][..]; 2] },
            ];
            Strips { rows: rows_at(place), columns: columns_at(place), ahead }
        }));
        let (row, column) = place;
        let place = Place {
            values: &mut values[row * row_stride + column..],
            row_stride,
            height: (row_count - row).min(2 * SIDE),
            width: (column_count - column).min(2 * SIDE),
        };
        kernel.multiply(&strips, onto.at_column(column), place);
    }
}

/// Values of bfloat16 that a core's own cache holds beside others: columns that all rows are multiplied with before the next.
const CACHED: usize = 1 << 18;

/// Rows and columns of the output, up to those of a block.
#[derive(Debug)]
struct Place<'a> {
    /// The values from the first on.
    values: &'a mut [f32],
    row_stride: usize,
    height: usize,
    width: usize,
}

impl Place<'_> {
    /// True when it has as many rows and columns as a block.
    #[cfg(target_arch = "x86_64")]
    fn is_whole(&self) -> bool {
        self.height == 2 * SIDE && self.width == 2 * SIDE
    }

    /// The values at which the sums of a block begin; zeros beyond the border.
    fn start(&self, onto: Onto<'_>) -> Block {
        let mut block = Block([[0.0; 2 * SIDE]; 2 * SIDE]);
        for (row, sums) in block.0.iter_mut().enumerate().take(self.height) {
            match onto {
                Onto::Nothing => {}
                Onto::Output => {
                    sums[..self.width].copy_from_slice(&self.values[row * self.row_stride..][..self.width])
                }
                Onto::EveryRow(values) => sums[..self.width].copy_from_slice(&values[..self.width]),
            }
        }
        block
    }

    /// Takes the sums of a block.
    fn write(&mut self, block: &Block) {
        for (output, sums) in self.values.chunks_mut(self.row_stride).zip(&block.0).take(self.height) {
            output[..self.width].copy_from_slice(&sums[..self.width]);
        }
    }
}

/// Two tiles of rows and two of columns, each with those beside it along the inner side.
#[derive(Clone, Copy, Debug)]
struct Strips<'a> {
    rows: [&'a [Tile]; 2],
    columns: [&'a [Tile]; 2],
    /// Tiles of rows and of columns that are needed next, which may be fetched into the core's own cache meanwhile.
    ahead: [[&'a [Tile]; 2]; 2],
}

impl<'a> Strips<'a> {
    /// The number of tiles along the inner side.
    ///
    /// # Panics
    ///
    /// When the four are not of one length.
    fn inner(&self) -> usize {
        let inner = self.rows[0].len();
        let is_alike = |tiles: &[Tile]| tiles.len() == inner;
        assert!(self.rows.into_iter().chain(self.columns).all(is_alike), "tiles of one inner side");
        inner
    }

    /// The tiles of the rows and of the columns at each inner place.
    fn tiles(&self) -> impl Iterator<Item = ([&'a Tile; 2], [&'a Tile; 2])> + use<'a> {
        let Self { rows, columns, .. } = *self;
        (0..self.inner()).map(move |at| (rows.map(|tiles| &tiles[at]), columns.map(|tiles| &tiles[at])))
    }
}

/// The code that takes sums in an order on this processor.
enum Kernel {
    Emulation(Order),
    #[cfg(target_arch = "x86_64")]
    Vectors(vector_instructions::Vectors),
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    Tiles(tile_instructions::Tiles),
}

impl Kernel {
    fn of(order: Order) -> Self {
        let instructions = match order {
            #[cfg(target_arch = "x86_64")]
            Order::Pairs => vector_instructions::Vectors::new().map(Self::Vectors),
            #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
            Order::Tiles => tile_instructions::Tiles::new().map(Self::Tiles),
            #[allow(unreachable_patterns)]
            _ => None,
        };
        instructions.unwrap_or(Self::Emulation(order))
    }

    /// The products of strips, summed over all of them, onto what the place holds, a row, or nothing.
    #[inline]
    fn multiply(&self, strips: &[Strips<'_>], onto: Onto<'_>, mut place: Place<'_>) {
        #[cfg(target_arch = "x86_64")]
        if place.is_whole() {
            let (values, row_stride) = (&mut *place.values, place.row_stride);
            match self {
                Self::Emulation(_) => {}
                Self::Vectors(vectors) => return vectors.multiply(strips, onto, values, row_stride),
                #[cfg(target_os = "linux")]
                Self::Tiles(tiles) => return tiles.multiply(strips, onto, values, row_stride),
            }
        }
        let mut block = place.start(onto);
        match self {
            Self::Emulation(order) => emulation::add_product(*order, strips, &mut block),
            #[cfg(target_arch = "x86_64")]
            Self::Vectors(vectors) => vectors.add_product(strips, &mut block),
            #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
            Self::Tiles(tiles) => tiles.add_product(strips, &mut block),
        }
        place.write(&block);
    }
}

/// True when code takes sums in an order: of numbers of all sizes, whose sum depends on it.
#[cfg(target_arch = "x86_64")]
fn keeps(order: Order, add_product: impl Fn(&[Strips<'_>], &mut Block)) -> bool {
    let mut state = 1_u32;
    let mut word = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // Exponents within 2^7 of 1, and now and then a number too small to be normal.
        let half = |bits: u32| match bits & 31 {
            0 => (bits >> 3) & 0x807f,
            _ => (bits & 0x8000) | (0x3b80 + (bits >> 2 & 0x7ff)),
        };
        half(state >> 16) | half(state.rotate_left(11) >> 16) << 16
    };
    let mut tiles = || [(); 2].map(|()| [(); 3].map(|()| Tile([(); SIDE * SIDE].map(|()| word()))));
    let (rows, columns) = (tiles(), tiles());
    let strip = Strips {
        rows: rows.each_ref().map(|tiles| &tiles[..]),
        columns: columns.each_ref().map(|tiles| &tiles[..]),
        ahead: [[&[]; 2]; 2],
    };
    let turned = Strips {
        rows: [strip.rows[1], strip.columns[0]],
        columns: [strip.columns[1], strip.rows[0]],
        ahead: strip.ahead,
    };
    let mut found = Block([[0.0; 2 * SIDE]; 2 * SIDE]);
    let mut expected = found;
    // The sums of the first two strips are those at which the others begin.
    for _ in 0..2 {
        add_product(&[strip, turned], &mut found);
        emulation::add_product(order, &[strip, turned], &mut expected);
    }
    found == expected
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::matrix::Matrix;
    use crate::host::products::tests::values;

    fn multiply(output: MatrixMut<'_>, onto: Onto<'_>, rows: &Rows, columns: &Columns, order: Order) {
        multiply_pieces(output, onto, &[(rows, columns)], 0, order);
    }

    /// A factor is off by at most 2^-8 of itself, so a product by a little more than 2^-7, and a sum of 32-bit floats by
    /// 2^-24 of the sum of magnitudes for each addition.
    #[test]
    fn products_are_within_the_bound_of_their_roundings_at_every_shape() {
        for (rows, columns, inner) in
            [(1, 1, 1), (16, 16, 32), (33, 31, 40), (70, 130, 65), (5, 0, 3), (3, 3, 0), (64, 512, 128)]
        {
            for transpose_rows in [false, true] {
                for transpose_columns in [false, true] {
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
                    let (packed_rows, packed_columns) = (Rows::of(a), Columns::of(b));
                    for order in Order::ALL {
                        let (before, bias) = (values(rows * (columns + 1), 3), values(columns, 4));
                        for onto in [Onto::Nothing, Onto::Output, Onto::EveryRow(&bias)] {
                            let mut output = before.clone();
                            multiply(
                                MatrixMut::strided(&mut output, rows, columns, columns + 1),
                                onto,
                                &packed_rows,
                                &packed_columns,
                                order,
                            );
                            for row in 0..rows {
                                for column in 0..=columns {
                                    let place = row * (columns + 1) + column;
                                    if column == columns {
                                        assert_eq!(output[place], before[place], "between rows, values stay");
                                        continue;
                                    }
                                    let products = (0..inner)
                                        .map(|k| f64::from(a.at(row, k)) * f64::from(b.at(k, column)));
                                    let start = f64::from(match onto {
                                        Onto::Nothing => 0.0,
                                        Onto::Output => before[place],
                                        Onto::EveryRow(bias) => bias[column],
                                    });
                                    let (mut sum, mut magnitude) = (start, start.abs());
                                    products.for_each(|product| {
                                        (sum, magnitude) = (sum + product, magnitude + product.abs())
                                    });
                                    let bound =
                                        magnitude * (0.008 + inner as f64 * 2.0_f64.powi(-24)) + 1e-30;
                                    let off = (f64::from(output[place]) - sum).abs();
                                    assert!(
                                        off <= bound,
                                        "{order:?} {rows} x {columns} x {inner}: off by {off}, {bound} allowed"
                                    );
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Sums of what bfloat16 holds exactly are exact, so that a place that is read twice or not at all is seen.
    #[test]
    fn whole_numbers_are_multiplied_exactly() {
        let (rows, columns, inner) = (37, 45, 70);
        let whole = |count: usize, seed: u32| -> Vec<f32> {
            values(count, seed).iter().map(|value| (value * 100.0).round()).collect()
        };
        let (left, right) = (whole(rows * inner, 4), whole(inner * columns, 5));
        let (a, b) = (Matrix::new(&left, rows, inner), Matrix::new(&right, inner, columns));
        for order in Order::ALL {
            let mut output = vec![f32::NAN; rows * columns];
            multiply(
                MatrixMut::new(&mut output, rows, columns),
                Onto::Nothing,
                &Rows::of(a),
                &Columns::of(b),
                order,
            );
            for (place, &found) in output.iter().enumerate() {
                let expected: f32 =
                    (0..inner).map(|k| a.at(place / columns, k) * b.at(k, place % columns)).sum();
                assert_eq!(found, expected, "{order:?} at {place}");
            }
        }
    }

    /// The definition of each order, a number after the other.
    #[test]
    fn sums_are_taken_in_their_order() {
        let inner = 1_000;
        let (left, right) = (values(inner, 6), values(inner, 7));
        let round = |value: f32| {
            let bits = value.to_bits();
            f32::from_bits((bits + 0x7fff + (bits >> 16 & 1)) & 0xffff_0000)
        };
        let product = |at: usize| {
            (round(left.get(at).copied().unwrap_or(0.0)), round(right.get(at).copied().unwrap_or(0.0)))
        };
        let add = |sum: f32, at: usize| product(at).0.mul_add(product(at).1, sum);
        let pairs = (0..inner).step_by(2).fold(0.0, |sum, at| add(add(sum, at + 1), at));
        let tiles = (0..inner).step_by(INNER).fold(0.0, |sum, first| {
            let part = |odd: usize| (first + odd..first + INNER).step_by(2).fold(0.0, add);
            sum + (part(0) + part(1))
        });
        for (order, expected) in [(Order::Pairs, pairs), (Order::Tiles, tiles)] {
            let mut output = [0.0];
            let (a, b) = (Rows::of(Matrix::new(&left, 1, inner)), Columns::of(Matrix::new(&right, inner, 1)));
            multiply(MatrixMut::new(&mut output, 1, 1), Onto::Nothing, &a, &b, order);
            assert_eq!(output[0], expected, "{order:?}");
        }
        assert_ne!(pairs, tiles, "the orders can be told apart");
    }

    /// A sum that goes on from piece to piece is that of all pieces together, where these are of whole tiles.
    #[test]
    fn pieces_of_the_inner_side_make_one_sum() {
        let (rows, columns, inner) = (70, 40, 192);
        let (left, right) = (values(inner * rows, 1), values(inner * columns, 2));
        let cut = |from: usize, to: usize| {
            let left = Matrix::new(&left[from * rows..], to - from, rows).transposed();
            (Rows::of(left), Columns::of(Matrix::new(&right[from * columns..], to - from, columns)))
        };
        let (whole, first, second) = (cut(0, inner), cut(0, 64), cut(64, inner));
        for order in Order::ALL {
            let mut expected = vec![0.0; rows * columns];
            let output = MatrixMut::new(&mut expected, rows, columns);
            multiply(output, Onto::Nothing, &whole.0, &whole.1, order);
            let mut found = vec![0.0; (rows - 32) * columns];
            let output = MatrixMut::new(&mut found, rows - 32, columns);
            let pieces = [(&first.0, &first.1), (&second.0, &second.1)];
            multiply_pieces(output, Onto::Nothing, &pieces, 32, order);
            assert_eq!(found, expected[32 * columns..], "{order:?}");
        }
    }

    /// What a processor's own instructions give is what the emulation gives, to the last bit.
    #[test]
    fn instructions_are_emulated_to_the_last_bit() {
        let (rows, columns, inner) = (64, 96, 200);
        let scaled = |count: usize, seed: u32| -> Vec<f32> {
            values(count, seed)
                .iter()
                .enumerate()
                .map(|(at, value)| value * 2.0_f32.powi((at % 97) as i32 - 60))
                .collect()
        };
        let (left, right) = (scaled(rows * inner, 8), scaled(inner * columns, 9));
        let (a, b) =
            (Rows::of(Matrix::new(&left, rows, inner)), Columns::of(Matrix::new(&right, inner, columns)));
        for order in Order::ALL {
            let mut output = vec![0.0; rows * columns];
            multiply(MatrixMut::new(&mut output, rows, columns), Onto::Nothing, &a, &b, order);
            let mut block = Block([[0.0; 2 * SIDE]; 2 * SIDE]);
            for (row, column) in [(0, 0), (1, 2)] {
                let strip = Strips { rows: a.0.two(row), columns: b.0.two(column), ahead: [[&[]; 2]; 2] };
                block.0.as_flattened_mut().fill(0.0);
                emulation::add_product(order, &[strip], &mut block);
                for (offset, sums) in block.0.iter().enumerate() {
                    let place = (row * 2 * SIDE + offset) * columns + column * 2 * SIDE;
                    assert_eq!(output[place..][..2 * SIDE], *sums, "{order:?}");
                }
            }
        }
    }
}
