//! The functions of the module.

#![allow(unsafe_code)] // addresses in the engine's memory, and names that a page finds

use std::arch::wasm32::{
    i8x16_splat, i32x4_add, i32x4_relaxed_dot_i8x16_i7x16_add, i32x4_shl, i32x4_splat, v128, v128_load,
    v128_load32_splat, v128_store, v128_xor,
};

/// Columns of a panel.
const PANEL: usize = 32;
/// Columns whose sums a vector holds.
const COLUMNS: usize = 4;
/// Vectors of columns that go through the values of rows together.
const VECTORS: usize = 2;
/// Rows that go through the weights together.
const TOGETHER: usize = 4;

/// Adds to `starts` the products of rows of unsigned bytes with a panel, where the instruction takes them as unsigned.
///
/// # Shapes
///
/// - lines: `[groups, PANEL, 4]`; rows: `[count, groups, 4]`; starts: `[PANEL]`; sums: `[count, PANEL]`
///
/// # Safety
///
/// There is as much at each address.
#[unsafe(no_mangle)]
unsafe extern "C" fn of_unsigned(
    lines: *const i8,
    groups: usize,
    rows: *const u32,
    count: usize,
    starts: *const i32,
    sums: *mut i32,
) {
    // SAFETY: what the caller has promised.
    unsafe { panel::<false>(lines, groups, rows, count, starts, sums) }
}

/// The same where the instruction takes them as signed: less 128 each, and 128 times the weights in their place.
///
/// # Safety
///
/// There is as much at each address.
#[unsafe(no_mangle)]
unsafe extern "C" fn of_signed(
    lines: *const i8,
    groups: usize,
    rows: *const u32,
    count: usize,
    starts: *const i32,
    sums: *mut i32,
) {
    // SAFETY: what the caller has promised.
    unsafe { panel::<true>(lines, groups, rows, count, starts, sums) }
}

#[inline(always)]
unsafe fn panel<const SIGNED: bool>(
    lines: *const i8,
    groups: usize,
    rows: *const u32,
    count: usize,
    starts: *const i32,
    sums: *mut i32,
) {
    let mut row = 0;
    // SAFETY: rows below `count`, of which the caller has promised as many.
    unsafe {
        while row + TOGETHER <= count {
            let (rows, sums) = (rows.add(row * groups), sums.add(row * PANEL));
            together::<TOGETHER, SIGNED>(lines, groups, rows, starts, sums);
            row += TOGETHER;
        }
        while row < count {
            together::<1, SIGNED>(lines, groups, rows.add(row * groups), starts, sums.add(row * PANEL));
            row += 1;
        }
    }
}

#[inline(always)]
unsafe fn together<const ROWS: usize, const SIGNED: bool>(
    lines: *const i8,
    groups: usize,
    rows: *const u32,
    starts: *const i32,
    sums: *mut i32,
) {
    let dot =
        |weights: v128, values: v128, sum: v128| i32x4_relaxed_dot_i8x16_i7x16_add(weights, values, sum);
    for first in (0..PANEL).step_by(VECTORS * COLUMNS) {
        // SAFETY: columns of the panel, of which the caller has promised as many in each place.
        let at = |columns: *const i32, vector: usize| unsafe {
            columns.add(first + vector * COLUMNS).cast::<v128>()
        };
        // SAFETY: as above; loads are right at any address.
        let start: [v128; VECTORS] = std::array::from_fn(|vector| unsafe { v128_load(at(starts, vector)) });
        let mut totals = [start; ROWS];
        let mut of_weights = [i32x4_splat(0); VECTORS];
        for group in 0..groups {
            // SAFETY: a line of each group, and a number of each row and group, which the caller has promised.
            let weights: [v128; VECTORS] = std::array::from_fn(|vector| unsafe {
                v128_load(lines.add((group * PANEL + first + vector * COLUMNS) * 4).cast())
            });
            for (row, totals) in totals.iter_mut().enumerate() {
                // SAFETY: as above.
                let values = unsafe { v128_load32_splat(rows.add(row * groups + group)) };
                let values = if SIGNED { v128_xor(values, i8x16_splat(i8::MIN)) } else { values };
                for (total, weights) in totals.iter_mut().zip(weights) {
                    *total = dot(weights, values, *total);
                }
            }
            if SIGNED {
                for (sum, weights) in of_weights.iter_mut().zip(weights) {
                    *sum = dot(weights, i8x16_splat(1), *sum);
                }
            }
        }
        for (row, totals) in totals.into_iter().enumerate() {
            for (vector, total) in totals.into_iter().enumerate() {
                let total = i32x4_add(total, i32x4_shl(of_weights[vector], 7));
                // SAFETY: the sums of this row, which the caller has promised; stores are right at any address.
                unsafe { v128_store(at(sums.add(row * PANEL), vector).cast_mut(), total) };
            }
        }
    }
}
