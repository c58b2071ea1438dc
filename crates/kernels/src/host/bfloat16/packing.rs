//! Factors of products as tiles of bfloat16.

use rayon::prelude::*;

use super::{INNER, SIDE, Tile};
use crate::host::matrix::Matrix;
use crate::host::simd::vectorized;

/// The left factor of products, `[m, k]`, as tiles of 16 rows and 32 inner places.
#[derive(Clone, Debug, Default)]
pub struct Rows(pub(super) Tiles);

/// The right factor of products, `[k, n]`, as tiles of 16 columns and 32 inner places.
#[derive(Clone, Debug, Default)]
pub struct Columns(pub(super) Tiles);

/// Tiles along the outer side, filled up to an even number, and then along the inner side, `[outer, inner]`.
#[derive(Clone, Debug, Default)]
pub(super) struct Tiles {
    tiles: Vec<Tile>,
    /// The number of rows of a left factor, or of columns of a right one.
    pub(super) outer: usize,
    /// The number of inner places.
    pub(super) inner: usize,
}

impl Rows {
    /// A matrix, `[m, k]`, rounded.
    pub fn of(matrix: Matrix<'_>) -> Self {
        let mut rows = Self::default();
        rows.pack(matrix);
        rows
    }

    /// Takes another matrix, `[m, k]`, in the same memory.
    pub fn pack(&mut self, matrix: Matrix<'_>) {
        self.0.pack(Side::of_rows(matrix), false);
    }
}

impl Columns {
    /// A matrix, `[k, n]`, rounded.
    pub fn of(matrix: Matrix<'_>) -> Self {
        let mut columns = Self::default();
        columns.pack(matrix);
        columns
    }

    /// A matrix, `[k, n]`, rounded in parallel.
    pub fn in_parallel(matrix: Matrix<'_>) -> Self {
        let mut columns = Self::default();
        columns.0.pack_in_parallel(Side::of_rows(matrix.transposed()), true);
        columns
    }

    /// Takes another matrix, `[k, n]`, in the same memory.
    pub fn pack(&mut self, matrix: Matrix<'_>) {
        self.0.pack(Side::of_rows(matrix.transposed()), true);
    }

    /// The number of columns.
    pub fn count(&self) -> usize {
        self.0.outer
    }
}

/// A factor by its outer side, rows of the left or columns of the right one, and the inner side.
#[derive(Clone, Copy)]
struct Side<'a> {
    values: &'a [f32],
    outer: usize,
    inner: usize,
    outer_stride: usize,
    inner_stride: usize,
}

impl<'a> Side<'a> {
    fn of_rows(matrix: Matrix<'a>) -> Self {
        let (values, [outer, inner], [outer_stride, inner_stride]) = matrix.parts();
        Self { values, outer, inner, outer_stride, inner_stride }
    }

    /// The word of two inner places, zeros beyond the border.
    fn word(&self, outer: usize, pair: usize) -> u32 {
        let at = |inner: usize| match outer < self.outer && inner < self.inner {
            true => rounded(self.values[outer * self.outer_stride + inner * self.inner_stride]),
            false => 0,
        };
        at(2 * pair) >> 16 | at(2 * pair + 1)
    }

    /// The number of tiles along the inner side.
    fn along(&self) -> usize {
        self.inner.div_ceil(INNER)
    }

    /// The number of all tiles, of which an even number stand side by side.
    fn tiles(&self) -> usize {
        self.outer.div_ceil(2 * SIDE) * 2 * self.along()
    }

    /// A tile by its number.
    #[inline]
    fn tile(&self, number: usize, pairs_first: bool) -> Tile {
        let (outer, pair) = (number / self.along() * SIDE, number % self.along() * SIDE);
        let whole = outer + SIDE <= self.outer && 2 * pair + INNER <= self.inner;
        let start = outer * self.outer_stride + 2 * pair * self.inner_stride;
        let mut tile = Tile([0; SIDE * SIDE]);
        if whole && self.inner_stride == 1 {
            let values = &self.values[start..];
            vectorized!(words_of_rows(&mut tile, values, self.outer_stride));
            if pairs_first {
                transpose(&mut tile);
            }
        } else if whole && self.outer_stride == 1 {
            let values = &self.values[start..];
            vectorized!(words_of_pairs(&mut tile, values, self.inner_stride));
            if !pairs_first {
                transpose(&mut tile);
            }
        } else {
            for (place, word) in tile.0.iter_mut().enumerate() {
                let (first, second) = (place / SIDE, place % SIDE);
                let (row, of_pair) = if pairs_first { (second, first) } else { (first, second) };
                *word = self.word(outer + row, pair + of_pair);
            }
        }
        tile
    }
}

impl Tiles {
    /// Two rows of tiles side by side, by their number.
    pub(super) fn two(&self, number: usize) -> [&[Tile]; 2] {
        let along = self.inner.div_ceil(INNER);
        let (first, second) = self.tiles[2 * number * along..][..2 * along].split_at(along);
        [first, second]
    }

    /// Packs a factor on this thread; words of one pair stand together if `pairs_first`, else words of one row.
    fn pack(&mut self, side: Side<'_>, pairs_first: bool) {
        (self.outer, self.inner) = (side.outer, side.inner);
        self.tiles.clear();
        self.tiles.extend((0..side.tiles()).map(|number| side.tile(number, pairs_first)));
    }

    /// Packs a factor with all threads.
    fn pack_in_parallel(&mut self, side: Side<'_>, pairs_first: bool) {
        (self.outer, self.inner) = (side.outer, side.inner);
        let tiles = (0..side.tiles()).into_par_iter().with_min_len(64);
        tiles.map(|number| side.tile(number, pairs_first)).collect_into_vec(&mut self.tiles);
    }
}

/// The bits of the nearest bfloat16, of two the even one, in the upper half. What is too small to be normal becomes 0, what
/// is no number stays none.
#[inline(always)]
fn rounded(value: f32) -> u32 {
    let bits = value.to_bits();
    let magnitude = bits & 0x7fff_ffff;
    let nearest = bits.wrapping_add(0x7fff + (bits >> 16 & 1));
    let nearest = if magnitude > 0x7f80_0000 { bits | 0x0040_0000 } else { nearest };
    let nearest = if magnitude < 0x0080_0000 { bits & 0x8000_0000 } else { nearest };
    nearest & 0xffff_0000
}

/// Words of rows whose inner places stand together, `row_stride` values apart.
#[inline(always)]
fn words_of_rows(tile: &mut Tile, values: &[f32], row_stride: usize) {
    for (row, words) in tile.0.as_chunks_mut::<SIDE>().0.iter_mut().enumerate() {
        let values = &values[row * row_stride..][..INNER];
        let mut halves = [0_u16; INNER];
        for (half, &value) in halves.iter_mut().zip(values) {
            *half = (rounded(value) >> 16) as u16;
        }
        for (word, half) in words.iter_mut().zip(halves.as_chunks::<2>().0) {
            *word = u32::from(half[0]) | u32::from(half[1]) << 16;
        }
    }
}

/// Words of pairs whose outer places stand together, each inner place `inner_stride` values from the one before.
#[inline(always)]
fn words_of_pairs(tile: &mut Tile, values: &[f32], inner_stride: usize) {
    for (pair, words) in tile.0.as_chunks_mut::<SIDE>().0.iter_mut().enumerate() {
        let even = &values[2 * pair * inner_stride..][..SIDE];
        let odd = &values[(2 * pair + 1) * inner_stride..][..SIDE];
        for ((word, &even), &odd) in words.iter_mut().zip(even).zip(odd) {
            *word = rounded(even) >> 16 | rounded(odd);
        }
    }
}

/// Exchanges rows and columns of a tile's words.
fn transpose(tile: &mut Tile) {
    #[cfg(target_arch = "x86_64")]
    if super::vector_instructions::transpose(tile) {
        return;
    }
    let before = *tile;
    for (row, words) in tile.0.as_chunks_mut::<SIDE>().0.iter_mut().enumerate() {
        for (column, word) in words.iter_mut().enumerate() {
            *word = before.0[column * SIDE + row];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_the_nearest_bfloat16() {
        let of = |value: f32| f32::from_bits(rounded(value));
        for (value, expected) in [
            (1.0, 1.0),
            (1.0 + 1.0 / 256.0, 1.0),
            (1.0 + 3.0 / 256.0, 1.0 + 4.0 / 256.0),
            (-std::f32::consts::PI, -3.140_625),
            (1e-40, 0.0),
            (f32::MAX, f32::INFINITY),
            (f32::NEG_INFINITY, f32::NEG_INFINITY),
        ] {
            assert_eq!(of(value), expected, "{value}");
        }
        assert!(of(f32::NAN).is_nan() && of(f32::from_bits(0x7f80_0001)).is_nan());
        assert!(of(-1e-40).is_sign_negative());
    }

    #[test]
    fn a_transposed_tile_has_columns_for_rows() {
        let mut tile = Tile(std::array::from_fn(|place| place as u32 * 77));
        transpose(&mut tile);
        for (place, &word) in tile.0.iter().enumerate() {
            assert_eq!(word, ((place % SIDE) * SIDE + place / SIDE) as u32 * 77);
        }
    }
}
