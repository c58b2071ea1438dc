//! Inner products of bytes: rows of unsigned ones with a panel of signed ones.

#![allow(unsafe_code)] // instructions that the processor must have, and loads of whole registers

use super::int8::Line;
use super::packed::PANEL;
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
use crate::host::simd::vectorized;

/// Rows whose sums registers hold at once.
pub(super) const ROWS: usize = 12;

/// Adds to `starts` the products of some rows with a panel; a number of `rows` holds four values of a row.
///
/// # Shapes
///
/// - lines: `[groups]`; rows: `[rows, groups]`; starts: `[PANEL]`; sums: `[rows, PANEL]`, at most [`ROWS`] rows
pub(super) fn panel(lines: &[Line], rows: &[u32], starts: &[i32], sums: &mut [[i32; PANEL]]) {
    assert_eq!(rows.len(), lines.len() * sums.len(), "as many groups in each row as the panel has lines");
    assert_eq!(starts.len(), PANEL, "a start for each column");
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vnni") {
        macro_rules! dispatch {
            ($($count:literal)*) => {
                match sums.len() {
                    // SAFETY: the processor has just been asked for both features that the function enables.
                    $($count => unsafe { avx512::<$count>(lines, rows, starts, sums) },)*
                    _ => debug_assert!(sums.is_empty(), "more rows than registers"),
                }
            };
        }
        dispatch!(1 2 3 4 5 6 7 8 9 10 11 12);
        return;
    }
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has just been asked for the feature that the function enables.
        unsafe { avx2(lines, rows, starts, sums) };
        return;
    }
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    simd128(lines, rows, starts, sums);
    #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
    vectorized!(plain(lines, rows, starts, sums));
}

/// The products with instructions of every processor.
#[cfg_attr(all(target_arch = "wasm32", target_feature = "simd128"), allow(dead_code))] // what tests compare with
#[inline(always)]
fn plain(lines: &[Line], rows: &[u32], starts: &[i32], sums: &mut [[i32; PANEL]]) {
    for (row, sums) in rows.chunks_exact(lines.len().max(1)).zip(sums) {
        sums.copy_from_slice(starts);
        for (line, group) in lines.iter().zip(row) {
            let [first, second, third, fourth] = group.to_le_bytes().map(i32::from);
            for (sum, weights) in sums.iter_mut().zip(line.0.as_chunks::<4>().0) {
                let [a, b, c, d] = weights.map(i32::from);
                *sum += a * first + b * second + (c * third + d * fourth);
            }
        }
    }
}

/// Inner products with the instruction that multiplies and adds four bytes at a time.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vnni")]
fn avx512<const COUNT: usize>(lines: &[Line], rows: &[u32], starts: &[i32], sums: &mut [[i32; PANEL]]) {
    use std::arch::x86_64::{
        _mm512_dpbusd_epi32, _mm512_load_si512, _mm512_loadu_si512, _mm512_set1_epi32, _mm512_storeu_si512,
    };
    let groups = lines.len();
    let rows: [&[u32]; COUNT] = std::array::from_fn(|row| &rows[row * groups..][..groups]);
    let (left, right) = starts[..PANEL].split_at(PANEL / 2);
    // SAFETY: both halves are slices of 16 numbers of 32 bits, which is what an unaligned load reads.
    let start =
        unsafe { [_mm512_loadu_si512(left.as_ptr().cast()), _mm512_loadu_si512(right.as_ptr().cast())] };
    let mut totals = [start; COUNT];
    for (at, line) in lines.iter().enumerate() {
        let (left, right) = line.0.split_at(line.0.len() / 2);
        // SAFETY: a line is 128 bytes at an address divisible by 64 (`repr(align)`), so each half is 64 bytes at
        // such an address, which is what an aligned load reads.
        let weights =
            unsafe { [_mm512_load_si512(left.as_ptr().cast()), _mm512_load_si512(right.as_ptr().cast())] };
        for (totals, row) in totals.iter_mut().zip(&rows) {
            let values = _mm512_set1_epi32(row[at] as i32);
            totals[0] = _mm512_dpbusd_epi32(totals[0], values, weights[0]);
            totals[1] = _mm512_dpbusd_epi32(totals[1], values, weights[1]);
        }
    }
    for (sums, totals) in sums.iter_mut().zip(totals) {
        let (left, right) = sums.split_at_mut(PANEL / 2);
        // SAFETY: both halves are slices of 16 numbers of 32 bits, which is what an unaligned store writes.
        unsafe {
            _mm512_storeu_si512(left.as_mut_ptr().cast(), totals[0]);
            _mm512_storeu_si512(right.as_mut_ptr().cast(), totals[1]);
        }
    }
}

/// Inner products with AVX2, whose instruction for bytes adds pairs of products in 16 bits and stops at their border:
/// of unsigned rows a pair could reach 2 * 255 * 128. So bytes become 16 bits wide before they are multiplied.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2(lines: &[Line], rows: &[u32], starts: &[i32], sums: &mut [[i32; PANEL]]) {
    use std::arch::x86_64::{
        __m256i, _mm_loadu_si128, _mm256_add_epi32, _mm256_cvtepi8_epi16, _mm256_hadd_epi32,
        _mm256_loadu_si256, _mm256_madd_epi16, _mm256_permute4x64_epi64, _mm256_set1_epi64x,
        _mm256_setzero_si256, _mm256_storeu_si256,
    };
    /// Columns whose sums one register holds.
    const COLUMNS: usize = 8;
    /// Rows that go through the weights together.
    const TOGETHER: usize = 3;

    let groups = lines.len();
    for (rows, sums) in rows.chunks(TOGETHER * groups.max(1)).zip(sums.chunks_mut(TOGETHER)) {
        for block in 0..PANEL / COLUMNS {
            // Of each column two sums beside one another: of the first two and of the last two of four inputs.
            let mut halves = [[_mm256_setzero_si256(); 2]; TOGETHER];
            for (at, line) in lines.iter().enumerate() {
                let bytes = &line.0[block * COLUMNS * 4..][..COLUMNS * 4];
                let (left, right) = bytes.split_at(16);
                // SAFETY: both halves are slices of 16 bytes, which is what an unaligned load reads.
                let weights = unsafe {
                    [_mm_loadu_si128(left.as_ptr().cast()), _mm_loadu_si128(right.as_ptr().cast())]
                }
                .map(|bytes| _mm256_cvtepi8_epi16(bytes));
                for (halves, row) in halves.iter_mut().zip(rows.chunks_exact(groups)) {
                    let [first, second, third, fourth] = row[at].to_le_bytes().map(u64::from);
                    let wide = first | second << 16 | third << 32 | fourth << 48;
                    let values = _mm256_set1_epi64x(wide as i64);
                    halves[0] = _mm256_add_epi32(halves[0], _mm256_madd_epi16(values, weights[0]));
                    halves[1] = _mm256_add_epi32(halves[1], _mm256_madd_epi16(values, weights[1]));
                }
            }
            let columns = block * COLUMNS..(block + 1) * COLUMNS;
            let start = &starts[columns.clone()];
            // SAFETY: a slice of 8 numbers of 32 bits, which is what an unaligned load reads.
            let start: __m256i = unsafe { _mm256_loadu_si256(start.as_ptr().cast()) };
            for (sums, [left, right]) in sums.iter_mut().zip(halves) {
                // Adding neighbours leaves columns 0, 1, 4, 5, 2, 3, 6, 7.
                let total = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_hadd_epi32(left, right));
                let sums = &mut sums[columns.clone()];
                // SAFETY: a slice of 8 numbers of 32 bits, which is what an unaligned store writes.
                unsafe { _mm256_storeu_si256(sums.as_mut_ptr().cast(), _mm256_add_epi32(start, total)) };
            }
        }
    }
}

/// Inner products with the vectors of WebAssembly: bytes become 16 bits wide, whose products are added in pairs.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
fn simd128(lines: &[Line], rows: &[u32], starts: &[i32], sums: &mut [[i32; PANEL]]) {
    use std::arch::wasm32::{i32x4_add, i32x4_shuffle, u16x8_load_extend_u8x8, v128, v128_load, v128_store};
    /// Columns whose weights are widened together, two in a vector.
    const COLUMNS: usize = 8;
    /// Rows that go through the weights together: processors that run WebAssembly may have sixteen registers, and the sums of
    /// two rows, the weights and what is multiplied with them take fourteen.
    const TOGETHER: usize = 2;

    /// Of each column of a block two sums beside one another: of the first two and of the last two of four inputs.
    #[inline(always)]
    fn halves<const COUNT: usize>(
        lines: &[Line],
        rows: [&[u64]; TOGETHER],
        block: usize,
    ) -> [[v128; COLUMNS / 2]; TOGETHER] {
        use std::arch::wasm32::{i16x8_load_extend_i8x8, i32x4_dot_i16x8, i32x4_splat, v128_load64_splat};
        let rows = rows.map(|row| &row[..lines.len()]);
        let mut halves = [[i32x4_splat(0); COLUMNS / 2]; TOGETHER];
        for (at, line) in lines.iter().enumerate() {
            let (pairs, _) = line.0[block * COLUMNS * 4..][..COLUMNS * 4].as_chunks::<8>();
            let weights: [v128; COLUMNS / 2] = std::array::from_fn(|pair| {
                // SAFETY: an array of 8 bytes, which is what is read at any address.
                unsafe { i16x8_load_extend_i8x8(pairs[pair].as_ptr()) }
            });
            for (halves, row) in halves.iter_mut().zip(rows).take(COUNT) {
                // SAFETY: a number of 64 bits, which is what is read.
                let values = unsafe { v128_load64_splat(&raw const row[at]) };
                for (half, weights) in halves.iter_mut().zip(weights) {
                    *half = i32x4_add(*half, i32x4_dot_i16x8(values, weights));
                }
            }
        }
        halves
    }

    let groups = lines.len();
    // All blocks of columns read the same rows, so these are widened once, two groups at a time.
    let mut wide = vec![[0_u64; 2]; TOGETHER * groups.div_ceil(2)];
    for (rows, sums) in rows.chunks(TOGETHER * groups.max(1)).zip(sums.chunks_mut(TOGETHER)) {
        for (row, wide) in rows.chunks_exact(groups.max(1)).zip(wide.chunks_exact_mut(groups.div_ceil(2))) {
            let (pairs, last) = row.as_chunks::<2>();
            let last = last.first().map(|&group| [group, 0]);
            for (wide, pair) in wide.iter_mut().zip(pairs.iter().chain(&last)) {
                // SAFETY: 8 bytes are read, and 16 written, at any address.
                unsafe { v128_store(wide.as_mut_ptr().cast(), u16x8_load_extend_u8x8(pair.as_ptr().cast())) };
            }
        }
        let wide: [&[u64]; TOGETHER] = std::array::from_fn(|row| {
            let places = row * groups.div_ceil(2)..(row + 1) * groups.div_ceil(2);
            &wide[places].as_flattened()[..groups]
        });
        for block in 0..PANEL / COLUMNS {
            let halves = match sums.len() {
                1 => halves::<1>(lines, wide, block),
                _ => halves::<TOGETHER>(lines, wide, block),
            };
            for (sums, halves) in sums.iter_mut().zip(halves) {
                for (pair, halves) in halves.as_chunks::<2>().0.iter().enumerate() {
                    let columns = block * COLUMNS + pair * 4..block * COLUMNS + pair * 4 + 4;
                    let even = i32x4_shuffle::<0, 2, 4, 6>(halves[0], halves[1]);
                    let odd = i32x4_shuffle::<1, 3, 5, 7>(halves[0], halves[1]);
                    let (start, sums) = (&starts[columns.clone()], &mut sums[columns]);
                    // SAFETY: slices of 4 numbers of 32 bits, which is what is read and written at any address.
                    unsafe {
                        let start = v128_load(start.as_ptr().cast::<v128>());
                        let total = i32x4_add(start, i32x4_add(even, odd));
                        v128_store(sums.as_mut_ptr().cast::<v128>(), total);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_gives_the_sums_of_a_plain_loop() {
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state
        };
        for groups in [1, 2, 32, 65] {
            for count in 1..=ROWS {
                let mut lines = vec![Line([0; PANEL * 4]); groups];
                lines.iter_mut().for_each(|line| line.0.fill_with(|| (next() >> 24) as i8));
                let rows: Vec<u32> = (0..groups * count).map(|_| next()).collect();
                let starts: Vec<i32> = (0..PANEL).map(|_| (next() >> 8) as i32).collect();
                let mut found = vec![[0; PANEL]; count];
                panel(&lines, &rows, &starts, &mut found);
                let mut without_instructions = vec![[0; PANEL]; count];
                plain(&lines, &rows, &starts, &mut without_instructions);
                assert_eq!(found, without_instructions);
                #[cfg(target_arch = "x86_64")]
                if is_x86_feature_detected!("avx2") {
                    let mut narrow = vec![[0; PANEL]; count];
                    // SAFETY: the processor has just been asked for the feature that the function enables.
                    unsafe { avx2(&lines, &rows, &starts, &mut narrow) };
                    assert_eq!(narrow, without_instructions);
                }
                for (row, found) in rows.chunks_exact(groups).zip(&found) {
                    for column in 0..PANEL {
                        let mut expected = i64::from(starts[column]);
                        for (line, group) in lines.iter().zip(row) {
                            for (place, byte) in group.to_le_bytes().into_iter().enumerate() {
                                expected += i64::from(byte) * i64::from(line.0[column * 4 + place]);
                            }
                        }
                        assert_eq!(i64::from(found[column]), expected, "{groups} groups, {count} rows");
                    }
                }
            }
        }
    }
}
