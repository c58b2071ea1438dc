//! Inner products of bytes: rows of unsigned ones with a panel of signed ones.

#![allow(unsafe_code)] // instructions that the processor must have, and loads of whole registers

use crate::host::simd::{mul_add, vectorized};

use super::int8::Line;
use super::packed::PANEL;

/// Rows whose sums registers hold at once.
pub(super) const ROWS: usize = 12;

/// What products take off each value of a row first: NEON multiplies signed bytes with signed ones alone.
pub(super) const TAKEN_OFF: i32 = if cfg!(target_arch = "aarch64") { 128 } else { 0 };

/// Evaluates an expression with a constant of the value of a number of rows, if it is one of those listed.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", target_feature = "simd128"))]
macro_rules! by_count {
    ($rows:expr, $name:ident of $($count:literal)* => $body:expr) => {
        match $rows {
            $($count => {
                const $name: usize = $count;
                $body
            })*
            rows => debug_assert_eq!(rows, 0, "more rows than registers"),
        }
    };
}

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(super) mod simd128;

/// Adds to `starts` the products of some rows, [`TAKEN_OFF`] less each, with a panel; a number of `rows` holds four values of a
/// row.
///
/// # Shapes
///
/// - lines: `[groups]`; rows: `[rows, groups]`; starts: `[PANEL]`; sums: `[rows, PANEL]`, at most [`ROWS`] rows
pub(super) fn panel(lines: &[Line], rows: &[u32], starts: &[i32], sums: &mut [[i32; PANEL]]) {
    assert_eq!(rows.len(), lines.len() * sums.len(), "as many groups in each row as the panel has lines");
    assert_eq!(starts.len(), PANEL, "a start for each column");
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vnni") {
            // SAFETY: the processor has just been asked for both features that the function enables.
            by_count!(sums.len(), COUNT of 1 2 3 4 5 6 7 8 9 10 11 12 => unsafe { avx512::<COUNT>(lines, rows, starts, sums) });
        } else if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("avxvnni") {
            // SAFETY: the processor has just been asked for both features that the function enables.
            unsafe { avx_vnni(lines, rows, starts, sums) };
        } else if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has just been asked for the feature that the function enables.
            unsafe { avx2(lines, rows, starts, sums) };
        } else {
            plain(lines, rows, starts, sums);
        }
    }
    #[cfg(target_arch = "aarch64")]
    aarch64::panel(lines, rows, starts, sums);
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    simd128::panel(lines, rows, starts, sums);
    #[cfg(not(any(
        target_arch = "x86_64",
        target_arch = "aarch64",
        all(target_arch = "wasm32", target_feature = "simd128")
    )))]
    plain(lines, rows, starts, sums);
}

/// What turns the sums of a panel into its outputs: a sum times the scale of its row, times that of its column, plus the
/// column's addend.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scaling<'a> {
    /// The scale of each row, `[rows]`.
    pub rows: &'a [f32],
    /// The scale of each column, `[PANEL]`.
    pub columns: &'a [f32],
    /// The addend of each column, `[PANEL]`.
    pub bias: &'a [f32],
}

/// Writes the products of some rows, [`TAKEN_OFF`] less each, with a panel, added to `starts` and scaled.
///
/// # Shapes
///
/// - lines: `[groups]`; rows: `[rows, groups]`, at most [`ROWS`] rows; starts: `[PANEL]`; output: of each row the first `width`
///   of `stride`
pub(super) fn scaled_panel(
    lines: &[Line],
    rows: &[u32],
    starts: &[i32],
    scaling: Scaling<'_>,
    output: &mut [f32],
    [stride, width]: [usize; 2],
) {
    #[cfg(target_arch = "x86_64")]
    if width == PANEL && is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vnni") {
        // SAFETY: the processor has just been asked for both features that the function enables.
        by_count!(scaling.rows.len(), COUNT of 1 2 3 4 5 6 7 8 9 10 11 12 => return unsafe {
            avx512_scaled::<COUNT>(lines, rows, starts, scaling, output, stride)
        });
    }
    let mut sums = [[0; PANEL]; ROWS];
    let sums = &mut sums[..scaling.rows.len()];
    panel(lines, rows, starts, sums);
    vectorized!({
        for ((output, sums), &of_row) in output.chunks_mut(stride).zip(&*sums).zip(scaling.rows) {
            let columns = output[..width].iter_mut().zip(sums).zip(scaling.columns).zip(scaling.bias);
            for (((output, &sum), &scale), &bias) in columns {
                *output = mul_add(sum as f32 * of_row, scale, bias);
            }
        }
    });
}

/// The products with instructions of every processor.
#[cfg_attr(any(target_arch = "aarch64", target_feature = "simd128"), allow(dead_code))] // what tests compare with
fn plain(lines: &[Line], rows: &[u32], starts: &[i32], sums: &mut [[i32; PANEL]]) {
    for (row, sums) in rows.chunks_exact(lines.len().max(1)).zip(sums) {
        sums.copy_from_slice(starts);
        for (line, group) in lines.iter().zip(row) {
            let [first, second, third, fourth] =
                group.to_le_bytes().map(|value| i32::from(value) - TAKEN_OFF);
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
    use std::arch::x86_64::_mm512_storeu_si512;

    for (sums, totals) in sums.iter_mut().zip(avx512_totals::<COUNT>(lines, rows, starts)) {
        let (left, right) = sums.split_at_mut(PANEL / 2);
        // SAFETY: both halves are slices of 16 numbers of 32 bits, which is what an unaligned store writes.
        unsafe {
            _mm512_storeu_si512(left.as_mut_ptr().cast(), totals[0]);
            _mm512_storeu_si512(right.as_mut_ptr().cast(), totals[1]);
        }
    }
}

/// Inner products with the instruction that multiplies and adds four bytes at a time, scaled before they leave registers.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vnni")]
fn avx512_scaled<const COUNT: usize>(
    lines: &[Line],
    rows: &[u32],
    starts: &[i32],
    scaling: Scaling<'_>,
    output: &mut [f32],
    stride: usize,
) {
    use std::arch::x86_64::{
        __m512, _mm512_cvtepi32_ps, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_mul_ps, _mm512_set1_ps,
        _mm512_storeu_ps,
    };
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn halves(values: &[f32]) -> [__m512; 2] {
        let (left, right) = values[..PANEL].split_at(PANEL / 2);
        // SAFETY: both halves are slices of 16 floats, which is what an unaligned load reads.
        unsafe { [_mm512_loadu_ps(left.as_ptr()), _mm512_loadu_ps(right.as_ptr())] }
    }

    let totals = avx512_totals::<COUNT>(lines, rows, starts);
    let (scales, bias) = (halves(scaling.columns), halves(scaling.bias));
    for (row, (totals, &of_row)) in totals.into_iter().zip(scaling.rows).enumerate() {
        let of_row = _mm512_set1_ps(of_row);
        let halves = output[row * stride..][..PANEL].chunks_exact_mut(PANEL / 2);
        for (((half, total), scale), bias) in halves.zip(totals).zip(scales).zip(bias) {
            let product = _mm512_mul_ps(_mm512_cvtepi32_ps(total), of_row);
            // SAFETY: half of a panel's columns are 16 floats, which is what an unaligned store writes.
            unsafe { _mm512_storeu_ps(half.as_mut_ptr(), _mm512_fmadd_ps(product, scale, bias)) };
        }
    }
}

/// The sums of [`panel`], in registers.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f,avx512vnni")]
fn avx512_totals<const COUNT: usize>(
    lines: &[Line],
    rows: &[u32],
    starts: &[i32],
) -> [[std::arch::x86_64::__m512i; 2]; COUNT] {
    use std::arch::x86_64::{_mm512_dpbusd_epi32, _mm512_load_si512, _mm512_loadu_si512, _mm512_set1_epi32};

    let groups = lines.len();
    assert_eq!(rows.len(), COUNT * groups, "as many groups in each row as the panel has lines");
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
        for (row, totals) in totals.iter_mut().enumerate() {
            // SAFETY: there are as many numbers as the assertion above says.
            let value = unsafe { *rows.get_unchecked(row * groups + at) };
            let values = _mm512_set1_epi32(value as i32);
            totals[0] = _mm512_dpbusd_epi32(totals[0], values, weights[0]);
            totals[1] = _mm512_dpbusd_epi32(totals[1], values, weights[1]);
        }
    }
    totals
}

/// Inner products with the instruction for vectors of 256 bits that multiplies and adds four bytes at a time.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,avxvnni")]
fn avx_vnni(lines: &[Line], rows: &[u32], starts: &[i32], sums: &mut [[i32; PANEL]]) {
    /// Rows whose sums leave registers for weights and values.
    const TOGETHER: usize = 3;

    for (rows, sums) in rows.chunks(TOGETHER * lines.len().max(1)).zip(sums.chunks_mut(TOGETHER)) {
        by_count!(sums.len(), COUNT of 1 2 3 => avx_vnni_rows::<COUNT>(lines, rows, starts, sums));
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,avxvnni")]
fn avx_vnni_rows<const COUNT: usize>(
    lines: &[Line],
    rows: &[u32],
    starts: &[i32],
    sums: &mut [[i32; PANEL]],
) {
    use std::arch::x86_64::{
        __m256i, _mm256_dpbusd_avx_epi32, _mm256_load_si256, _mm256_loadu_si256, _mm256_set1_epi32,
        _mm256_storeu_si256,
    };
    /// Columns whose sums one register holds.
    const COLUMNS: usize = 8;

    let groups = lines.len();
    let rows: [&[u32]; COUNT] = std::array::from_fn(|row| &rows[row * groups..][..groups]);
    let (starts, _) = starts[..PANEL].as_chunks::<COLUMNS>();
    let start: [__m256i; PANEL / COLUMNS] = std::array::from_fn(|block| {
        // SAFETY: an array of 8 numbers of 32 bits, which is what an unaligned load reads.
        unsafe { _mm256_loadu_si256(starts[block].as_ptr().cast()) }
    });
    let mut totals = [start; COUNT];
    for (at, line) in lines.iter().enumerate() {
        let (bytes, _) = line.0.as_chunks::<{ COLUMNS * 4 }>();
        // SAFETY: a line is 128 bytes at an address divisible by 64 (`repr(align)`), so each quarter is 32 bytes at an
        // address divisible by 32, which is what an aligned load reads.
        let weights: [__m256i; PANEL / COLUMNS] =
            std::array::from_fn(|block| unsafe { _mm256_load_si256(bytes[block].as_ptr().cast()) });
        for (totals, row) in totals.iter_mut().zip(&rows) {
            let values = _mm256_set1_epi32(row[at] as i32);
            for (total, weights) in totals.iter_mut().zip(weights) {
                *total = _mm256_dpbusd_avx_epi32(*total, values, weights);
            }
        }
    }
    for (sums, totals) in sums.iter_mut().zip(totals) {
        for (sums, total) in sums.as_chunks_mut::<COLUMNS>().0.iter_mut().zip(totals) {
            // SAFETY: an array of 8 numbers of 32 bits, which is what an unaligned store writes.
            unsafe { _mm256_storeu_si256(sums.as_mut_ptr().cast(), total) };
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

/// Numbers that look like chance, the same at every call, of which examples are made.
#[cfg(any(test, all(target_arch = "wasm32", target_feature = "simd128")))]
fn numbers() -> impl FnMut() -> u32 {
    let mut state = 1_u32;
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scaled_sums_are_those_of_a_plain_loop_to_the_last_bit() {
        let mut next = numbers();
        let groups = 9;
        let mut lines = vec![Line([0; PANEL * 4]); groups];
        lines.iter_mut().for_each(|line| line.0.fill_with(|| (next() >> 24) as i8));
        let starts: Vec<i32> = (0..PANEL).map(|_| (next() >> 8) as i32).collect();
        let mut float = || (next() >> 8) as f32 / (1 << 23) as f32 - 1.0;
        let mut floats = |count: usize| -> Vec<f32> { (0..count).map(|_| float()).collect() };
        let (of_rows, columns, bias) = (floats(ROWS), floats(PANEL), floats(PANEL));
        for count in 1..=ROWS {
            let rows: Vec<u32> = (0..groups * count).map(|_| next()).collect();
            let mut sums = vec![[0; PANEL]; count];
            plain(&lines, &rows, &starts, &mut sums);
            for [stride, width] in [[PANEL, PANEL], [PANEL + 5, PANEL], [PANEL + 5, PANEL - 3]] {
                let scaling = Scaling { rows: &of_rows[..count], columns: &columns, bias: &bias };
                let mut found = vec![7.0; count * stride];
                scaled_panel(&lines, &rows, &starts, scaling, &mut found, [stride, width]);
                for (place, &found) in found.iter().enumerate() {
                    let (row, column) = (place / stride, place % stride);
                    let expected = match column < width {
                        true => {
                            mul_add(sums[row][column] as f32 * of_rows[row], columns[column], bias[column])
                        }
                        false => 7.0,
                    };
                    assert_eq!(found, expected, "{count} rows, {width} of {stride}: {row}, {column}");
                }
            }
        }
    }

    #[test]
    fn every_way_gives_the_sums_of_a_plain_loop() {
        let mut next = numbers();
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
                    if is_x86_feature_detected!("avxvnni") {
                        let mut narrow = vec![[0; PANEL]; count];
                        // SAFETY: the processor has just been asked for both features that the function enables.
                        unsafe { avx_vnni(&lines, &rows, &starts, &mut narrow) };
                        assert_eq!(narrow, without_instructions);
                    }
                }
                #[cfg(target_arch = "aarch64")]
                {
                    let mut widened = vec![[0; PANEL]; count];
                    aarch64::panel_of_pairs(&lines, &rows, &starts, &mut widened);
                    assert_eq!(widened, without_instructions);
                }
                for (row, found) in rows.chunks_exact(groups).zip(&found) {
                    for column in 0..PANEL {
                        let mut expected = i64::from(starts[column]);
                        for (line, group) in lines.iter().zip(row) {
                            for (place, byte) in group.to_le_bytes().into_iter().enumerate() {
                                let value = i64::from(byte) - i64::from(TAKEN_OFF);
                                expected += value * i64::from(line.0[column * 4 + place]);
                            }
                        }
                        assert_eq!(i64::from(found[column]), expected, "{groups} groups, {count} rows");
                    }
                }
            }
        }
    }
}
