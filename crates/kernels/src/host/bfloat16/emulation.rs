//! The sums that instructions for bfloat16 take, with those for 32-bit floats.

use super::{Block, Order, SIDE, Strips, Tile};
use crate::host::simd::vectorized;

/// Adds the products of strips to the sums of a block.
pub(super) fn add_product(order: Order, strips: &[Strips<'_>], output: &mut Block) {
    output.0.as_flattened_mut().iter_mut().for_each(|sum| *sum = normal(*sum));
    for (rows, columns) in strips.iter().flat_map(Strips::tiles) {
        for (half, rows) in rows.into_iter().enumerate() {
            let of_rows = &mut output.0[half * SIDE..][..SIDE];
            for (side, columns) in columns.into_iter().enumerate() {
                match order {
                    Order::Pairs => vectorized!(pairs(rows, columns, of_rows, side)),
                    Order::Tiles => vectorized!(tiles(rows, columns, of_rows, side)),
                }
            }
        }
    }
}

/// The value at an even inner place.
#[inline(always)]
fn even(word: u32) -> f32 {
    f32::from_bits(word << 16)
}

/// The value at an odd inner place.
#[inline(always)]
fn odd(word: u32) -> f32 {
    f32::from_bits(word & 0xffff_0000)
}

/// A sum, or 0 with its sign where it is too small for a normal number.
#[inline(always)]
fn normal(sum: f32) -> f32 {
    if sum.abs() < f32::MIN_POSITIVE { 0.0_f32.copysign(sum) } else { sum }
}

#[inline(always)]
fn pairs(rows: &Tile, columns: &Tile, output: &mut [[f32; 2 * SIDE]], side: usize) {
    for (row, output) in rows.0.as_chunks::<SIDE>().0.iter().zip(output) {
        let sums = &mut output.as_chunks_mut::<SIDE>().0[side];
        for (&of_row, columns) in row.iter().zip(columns.0.as_chunks::<SIDE>().0) {
            for (sum, &of_column) in sums.iter_mut().zip(columns) {
                *sum = normal(odd(of_row).mul_add(odd(of_column), *sum));
                *sum = normal(even(of_row).mul_add(even(of_column), *sum));
            }
        }
    }
}

#[inline(always)]
fn tiles(rows: &Tile, columns: &Tile, output: &mut [[f32; 2 * SIDE]], side: usize) {
    for (row, output) in rows.0.as_chunks::<SIDE>().0.iter().zip(output) {
        let (mut of_even, mut of_odd) = ([0.0_f32; SIDE], [0.0_f32; SIDE]);
        for (&of_row, columns) in row.iter().zip(columns.0.as_chunks::<SIDE>().0) {
            for (column, &of_column) in columns.iter().enumerate() {
                of_even[column] = normal(even(of_row).mul_add(even(of_column), of_even[column]));
                of_odd[column] = normal(odd(of_row).mul_add(odd(of_column), of_odd[column]));
            }
        }
        for (sum, (even, odd)) in
            output.as_chunks_mut::<SIDE>().0[side].iter_mut().zip(of_even.iter().zip(of_odd))
        {
            *sum = normal(*sum + normal(even + odd));
        }
    }
}
