//! Inner products with NEON.

use std::arch::aarch64::{
    int8x8_t, int8x16_t, int32x4_t, vaddq_s32, vdup_n_u32, vdupq_n_s32, vdupq_n_u32, vget_high_s8,
    vget_low_s8, vld1q_s8, vld1q_s32, vmull_s8, vpadalq_s16, vpaddq_s32, vreinterpret_s8_u32,
    vreinterpretq_s8_u32, vst1q_s32,
};

use super::{Line, PANEL};

/// Columns whose sums one register holds.
const COLUMNS: usize = 4;

/// Takes [`TAKEN_OFF`](super::TAKEN_OFF) off each of four bytes, which are signed then.
const SIGNED: u32 = 0x8080_8080;

/// Rows whose sums leave registers for weights and values.
const TOGETHER: usize = 3;

/// The products with the instruction that multiplies and adds four bytes at a time, if it is there.
pub(super) fn panel(lines: &[Line], rows: &[u32], starts: &[i32], sums: &mut [[i32; PANEL]]) {
    if !std::arch::is_aarch64_feature_detected!("dotprod") {
        return panel_of_pairs(lines, rows, starts, sums);
    }
    for (rows, sums) in rows.chunks(TOGETHER * lines.len().max(1)).zip(sums.chunks_mut(TOGETHER)) {
        // SAFETY: the processor has just been asked for the feature that the function enables.
        by_count!(sums.len(), COUNT of 1 2 3 => unsafe { dot_products::<COUNT>(lines, rows, starts, sums) });
    }
}

/// The products without that instruction.
pub(super) fn panel_of_pairs(lines: &[Line], rows: &[u32], starts: &[i32], sums: &mut [[i32; PANEL]]) {
    for (rows, sums) in rows.chunks(TOGETHER * lines.len().max(1)).zip(sums.chunks_mut(TOGETHER)) {
        by_count!(sums.len(), COUNT of 1 2 3 => widened::<COUNT>(lines, rows, starts, sums));
    }
}

/// The weights of four columns of a line.
fn weights(line: &Line, block: usize) -> int8x16_t {
    // SAFETY: a slice of 16 bytes, which is what is read at any address.
    unsafe { vld1q_s8(line.0[block * COLUMNS * 4..][..COLUMNS * 4].as_ptr()) }
}

/// Adds the products of signed bytes in pairs to the sums of four columns, two of each, beside one another.
fn add_pairs(halves: &mut [int32x4_t; 2], weights: int8x16_t, values: int8x8_t) {
    // SAFETY: every processor of this architecture that Rust compiles for has NEON.
    unsafe {
        halves[0] = vpadalq_s16(halves[0], vmull_s8(vget_low_s8(weights), values));
        halves[1] = vpadalq_s16(halves[1], vmull_s8(vget_high_s8(weights), values));
    }
}

fn store(sums: &mut [i32; PANEL], block: usize, total: int32x4_t) {
    // SAFETY: a slice of 4 numbers of 32 bits, which is what is written at any address.
    unsafe { vst1q_s32(sums[block * COLUMNS..][..COLUMNS].as_mut_ptr(), total) };
}

fn load(starts: &[i32], block: usize) -> int32x4_t {
    // SAFETY: a slice of 4 numbers of 32 bits, which is what is read at any address.
    unsafe { vld1q_s32(starts[block * COLUMNS..][..COLUMNS].as_ptr()) }
}

/// Products of 16 bits, added in pairs.
fn widened<const COUNT: usize>(lines: &[Line], rows: &[u32], starts: &[i32], sums: &mut [[i32; PANEL]]) {
    /// Blocks of columns whose sums registers hold at once.
    const BLOCKS: usize = 4;

    let groups = lines.len();
    let rows: [&[u32]; COUNT] = std::array::from_fn(|row| &rows[row * groups..][..groups]);
    for first in (0..PANEL / COLUMNS).step_by(BLOCKS) {
        // SAFETY: every processor of this architecture that Rust compiles for has NEON.
        let mut halves = [[[unsafe { vdupq_n_s32(0) }; 2]; BLOCKS]; COUNT];
        for (at, line) in lines.iter().enumerate() {
            let weights: [int8x16_t; BLOCKS] = std::array::from_fn(|block| weights(line, first + block));
            for (halves, row) in halves.iter_mut().zip(&rows) {
                // SAFETY: as above.
                let values = unsafe { vreinterpret_s8_u32(vdup_n_u32(row[at] ^ SIGNED)) };
                halves
                    .iter_mut()
                    .zip(weights)
                    .for_each(|(halves, weights)| add_pairs(halves, weights, values));
            }
        }
        for (sums, halves) in sums.iter_mut().zip(halves) {
            for (block, [low, high]) in halves.into_iter().enumerate() {
                // SAFETY: as above.
                let total = unsafe { vaddq_s32(load(starts, first + block), vpaddq_s32(low, high)) };
                store(sums, first + block, total);
            }
        }
    }
}

/// Products with the instruction `sdot`.
#[target_feature(enable = "neon,dotprod")]
fn dot_products<const COUNT: usize>(lines: &[Line], rows: &[u32], starts: &[i32], sums: &mut [[i32; PANEL]]) {
    let groups = lines.len();
    let rows: [&[u32]; COUNT] = std::array::from_fn(|row| &rows[row * groups..][..groups]);
    let start: [int32x4_t; PANEL / COLUMNS] = std::array::from_fn(|block| load(starts, block));
    let mut totals = [start; COUNT];
    for (at, line) in lines.iter().enumerate() {
        let values: [int8x16_t; COUNT] =
            std::array::from_fn(|row| vreinterpretq_s8_u32(vdupq_n_u32(rows[row][at] ^ SIGNED)));
        for block in 0..PANEL / COLUMNS {
            let weights = weights(line, block);
            for (totals, values) in totals.iter_mut().zip(values) {
                // SAFETY: the instruction adds to one register what it makes of two others; the function's feature has it.
                unsafe {
                    std::arch::asm!(
                        "sdot {total:v}.4s, {values:v}.16b, {weights:v}.16b",
                        total = inout(vreg) totals[block],
                        values = in(vreg) values,
                        weights = in(vreg) weights,
                        options(pure, nomem, nostack, preserves_flags),
                    );
                }
            }
        }
    }
    for (sums, totals) in sums.iter_mut().zip(totals) {
        totals.into_iter().enumerate().for_each(|(block, total)| store(sums, block, total));
    }
}
