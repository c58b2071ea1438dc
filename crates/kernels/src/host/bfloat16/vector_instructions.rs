//! Products by `VDPBF16PS`, of AVX-512 with AVX512_BF16, and other instructions of AVX-512.

#![allow(unsafe_code)] // instructions that the processor must have, and loads of whole registers

use std::arch::x86_64::{
    __m512bh, __m512i, _mm512_dpbf16_ps, _mm512_load_ps, _mm512_load_si512, _mm512_set1_epi32,
    _mm512_setzero_ps, _mm512_store_ps, _mm512_store_si512,
};
use std::sync::LazyLock;

use super::{Block, Order, SIDE, Strips, Tile};
use crate::host::lines::vectors;

/// Says that the processor has the instructions.
#[derive(Clone, Copy)]
pub(super) struct Vectors(());

static THERE: LazyLock<bool> = LazyLock::new(|| {
    let there = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bf16");
    // SAFETY: the processor has just been asked for both features that the function enables.
    there && super::keeps(Order::Pairs, |strips, output| unsafe { add_product(strips, output) })
});

/// True when the processor has the instructions, and they keep the order.
pub(super) fn are_there() -> bool {
    *THERE
}

impl Vectors {
    pub(super) fn new() -> Option<Self> {
        are_there().then_some(Self(()))
    }

    /// Adds the products of strips to the sums of a block.
    pub(super) fn add_product(self, strips: &[Strips<'_>], output: &mut Block) {
        // SAFETY: `new` has asked the processor for both features that the function enables.
        unsafe { add_product(strips, output) }
    }
}

/// Rows whose sums are held in registers together.
const ROWS: usize = 8;

#[target_feature(enable = "avx512f,avx512bf16")]
fn add_product(strips: &[Strips<'_>], output: &mut Block) {
    for (part, output) in output.0.chunks_exact_mut(ROWS).enumerate() {
        let (half, first) = (part * ROWS / SIDE, part * ROWS % SIDE);
        let mut sums = [[_mm512_setzero_ps(); 2]; ROWS];
        for (sums, output) in sums.iter_mut().zip(&*output) {
            let (left, right) = output.split_at(SIDE);
            // SAFETY: both halves are 16 floats at an address divisible by 64: a block is aligned so (`repr(align)`), and so
            // is each of its rows of 128 bytes.
            *sums = unsafe { [_mm512_load_ps(left.as_ptr()), _mm512_load_ps(right.as_ptr())] };
        }
        for (rows, columns) in strips.iter().flat_map(Strips::tiles) {
            for pair in 0..SIDE {
                let [left, right] = columns.map(|tile| {
                    // SAFETY: a tile's row is 64 bytes at an address divisible by 64 (`repr(align)`).
                    let words: __m512i =
                        unsafe { _mm512_load_si512(tile.0[pair * SIDE..][..SIDE].as_ptr().cast()) };
                    // SAFETY: both types are 64 bytes of any values.
                    unsafe { std::mem::transmute::<__m512i, __m512bh>(words) }
                });
                for (offset, sums) in sums.iter_mut().enumerate() {
                    let word = _mm512_set1_epi32(rows[half].0[(first + offset) * SIDE + pair] as i32);
                    // SAFETY: both types are 64 bytes of any values.
                    let word = unsafe { std::mem::transmute::<__m512i, __m512bh>(word) };
                    sums[0] = _mm512_dpbf16_ps(sums[0], word, left);
                    sums[1] = _mm512_dpbf16_ps(sums[1], word, right);
                }
            }
        }
        for (output, sums) in output.iter_mut().zip(sums) {
            let (left, right) = output.split_at_mut(SIDE);
            // SAFETY: as above.
            unsafe {
                _mm512_store_ps(left.as_mut_ptr(), sums[0]);
                _mm512_store_ps(right.as_mut_ptr(), sums[1]);
            }
        }
    }
}

/// Exchanges rows and columns of a tile's words; false where the processor has no instructions for it.
pub(super) fn transpose(tile: &mut Tile) -> bool {
    let there = is_x86_feature_detected!("avx512f");
    if there {
        // SAFETY: the processor has just been asked for the feature that the function enables.
        unsafe { transpose_words(tile) };
    }
    there
}

#[target_feature(enable = "avx512f")]
fn transpose_words(tile: &mut Tile) {
    let rows = tile.0.as_chunks_mut::<SIDE>().0;
    // SAFETY: a tile's row is 64 bytes at an address divisible by 64 (`repr(align)`).
    let r: [__m512i; SIDE] =
        std::array::from_fn(|row| unsafe { _mm512_load_si512(rows[row].as_ptr().cast()) });
    for (row, words) in rows.iter_mut().zip(vectors::transposed(r)) {
        // SAFETY: a tile's row is 64 bytes at an address divisible by 64 (`repr(align)`).
        unsafe { _mm512_store_si512(row.as_mut_ptr().cast(), words) };
    }
}
