//! Products by `VDPBF16PS`, of AVX-512 with AVX512_BF16, and other instructions of AVX-512.

#![allow(unsafe_code)] // instructions that the processor must have, and loads of whole registers

use std::arch::x86_64::{
    __m512, __m512bh, __m512i, _MM_HINT_T1, _mm_prefetch, _mm512_dpbf16_ps, _mm512_load_si512,
    _mm512_loadu_ps, _mm512_set1_epi32, _mm512_setzero_ps, _mm512_store_si512, _mm512_storeu_ps,
};
use std::sync::LazyLock;

use super::{Block, Onto, Order, SIDE, Strips, Tile};
use crate::host::lines::vectors;

/// Says that the processor has the instructions.
#[derive(Clone, Copy)]
pub(super) struct Vectors(());

static THERE: LazyLock<bool> = LazyLock::new(|| {
    let there = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bf16");
    there && super::keeps(Order::Pairs, |strips, output| Vectors(()).add_product(strips, output))
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
    pub(super) fn add_product(self, strips: &[Strips<'_>], block: &mut Block) {
        self.multiply(strips, Onto::Output, block.0.as_flattened_mut(), 2 * SIDE);
    }

    /// The products of strips, summed over all of them, onto what the output holds, a row, or nothing: 32 rows and columns,
    /// `[32, row_stride]`.
    #[inline]
    pub(super) fn multiply(
        self,
        strips: &[Strips<'_>],
        onto: Onto<'_>,
        output: &mut [f32],
        row_stride: usize,
    ) {
        // SAFETY: wherever the type is made, the processor has been asked for both features that the function enables.
        unsafe { multiply(strips, onto, output, row_stride) }
    }
}

/// Rows whose sums are held in registers together.
const ROWS: usize = 8;

#[target_feature(enable = "avx512f,avx512bf16")]
fn multiply(strips: &[Strips<'_>], onto: Onto<'_>, output: &mut [f32], row_stride: usize) {
    for first in (0..2 * SIDE).step_by(ROWS) {
        let output = &mut output[first * row_stride..];
        let mut sums = [[_mm512_setzero_ps(); 2]; ROWS];
        match onto {
            Onto::Nothing => {}
            Onto::Output => {
                for (row, sums) in sums.iter_mut().enumerate() {
                    *sums = loaded(&output[row * row_stride..]);
                }
            }
            Onto::EveryRow(row) => sums.fill(loaded(row)),
        }
        for strips in strips {
            let (rows, [left, right]) = (strips.rows[first / SIDE], strips.columns);
            let ahead = strips.ahead.as_flattened()[first / ROWS];
            for (at, ((rows, left), right)) in rows.iter().zip(left).zip(right).enumerate() {
                let ahead = ahead.get(at).unwrap_or(right);
                for pair in 0..SIDE {
                    let [left, right] = [left, right].map(|tile| {
                        // SAFETY: a tile's row is 64 bytes at an address divisible by 64 (`repr(align)`).
                        let words: __m512i =
                            unsafe { _mm512_load_si512(tile.0[pair * SIDE..][..SIDE].as_ptr().cast()) };
                        // SAFETY: both types are 64 bytes of any values.
                        unsafe { std::mem::transmute::<__m512i, __m512bh>(words) }
                    });
                    _mm_prefetch::<_MM_HINT_T1>(ahead.0[pair * SIDE..].as_ptr().cast());
                    for (offset, sums) in sums.iter_mut().enumerate() {
                        let word = _mm512_set1_epi32(rows.0[(first % SIDE + offset) * SIDE + pair] as i32);
                        // SAFETY: both types are 64 bytes of any values.
                        let word = unsafe { std::mem::transmute::<__m512i, __m512bh>(word) };
                        sums[0] = _mm512_dpbf16_ps(sums[0], word, left);
                        sums[1] = _mm512_dpbf16_ps(sums[1], word, right);
                    }
                }
            }
        }
        for (row, sums) in sums.into_iter().enumerate() {
            let (left, right) = output[row * row_stride..][..2 * SIDE].split_at_mut(SIDE);
            // SAFETY: both halves are 16 floats.
            unsafe {
                _mm512_storeu_ps(left.as_mut_ptr(), sums[0]);
                _mm512_storeu_ps(right.as_mut_ptr(), sums[1]);
            }
        }
    }
}

/// The first 32 of some values.
#[inline]
#[target_feature(enable = "avx512f")]
fn loaded(values: &[f32]) -> [__m512; 2] {
    let (left, right) = values[..2 * SIDE].split_at(SIDE);
    // SAFETY: both halves are 16 floats.
    unsafe { [_mm512_loadu_ps(left.as_ptr()), _mm512_loadu_ps(right.as_ptr())] }
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
