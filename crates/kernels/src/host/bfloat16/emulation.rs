//! The sums that instructions for bfloat16 take, with those for 32-bit floats.

use super::{Block, Order, SIDE, Tile};
use crate::host::simd::vectorized;

/// The products of two tiles of rows and two of columns, each with all its inner tiles.
pub(super) fn multiply(order: Order, rows: [&[Tile]; 2], columns: [&[Tile]; 2], output: &mut Block) {
    for (half, rows) in rows.into_iter().enumerate() {
        for (side, columns) in columns.into_iter().enumerate() {
            for row in 0..SIDE {
                let sums = match order {
                    Order::Pairs => vectorized!(pairs(row, rows, columns)),
                    Order::Tiles => vectorized!(tiles(row, rows, columns)),
                };
                output.0[half * SIDE + row][side * SIDE..][..SIDE].copy_from_slice(&sums);
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
fn pairs(row: usize, rows: &[Tile], columns: &[Tile]) -> [f32; SIDE] {
    let mut sums = [0.0_f32; SIDE];
    for (rows, columns) in rows.iter().zip(columns) {
        for (pair, columns) in columns.0.as_chunks::<SIDE>().0.iter().enumerate() {
            let of_row = rows.0[row * SIDE + pair];
            for (sum, &of_column) in sums.iter_mut().zip(columns) {
                *sum = normal(odd(of_row).mul_add(odd(of_column), *sum));
                *sum = normal(even(of_row).mul_add(even(of_column), *sum));
            }
        }
    }
    sums
}

#[inline(always)]
fn tiles(row: usize, rows: &[Tile], columns: &[Tile]) -> [f32; SIDE] {
    let mut sums = [0.0_f32; SIDE];
    for (rows, columns) in rows.iter().zip(columns) {
        let mut parts = [[0.0_f32; SIDE]; 2];
        for (pair, columns) in columns.0.as_chunks::<SIDE>().0.iter().enumerate() {
            let of_row = rows.0[row * SIDE + pair];
            for column in 0..SIDE {
                parts[0][column] = normal(even(of_row).mul_add(even(columns[column]), parts[0][column]));
                parts[1][column] = normal(odd(of_row).mul_add(odd(columns[column]), parts[1][column]));
            }
        }
        for (column, sum) in sums.iter_mut().enumerate() {
            *sum = normal(*sum + normal(parts[0][column] + parts[1][column]));
        }
    }
    sums
}
