//! Lines of up to 16 values that are taken out of matrices, as packed factors of products need them.

#![allow(unsafe_code)] // instructions that the processor must have, and loads and stores of parts of registers

use std::mem::MaybeUninit;

/// The most values of a line.
pub(super) const LINE: usize = 16;

/// Columns of values in memory, which become lines: a line for each place along a column, with a value of each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lines<'a> {
    /// The values from the first of the first column on.
    pub values: &'a [f32],
    /// The number of columns, up to [`LINE`].
    pub width: usize,
    /// The number of places along each column.
    pub count: usize,
    /// The distance between two columns.
    pub across: usize,
    /// The distance between two places of a column.
    pub along: usize,
}

impl Lines<'_> {
    /// Writes all lines, the beginnings of two of them `stride` values apart.
    ///
    /// # Panics
    ///
    /// When there is no place for them, or when there are not so many values.
    pub(super) fn write(self, output: &mut [MaybeUninit<f32>], stride: usize) {
        if self.width == 0 || self.count == 0 {
            return;
        }
        let last = (self.width - 1) * self.across + (self.count - 1) * self.along;
        assert!(self.width <= LINE && last < self.values.len(), "lines of values that are there");
        assert!((self.count - 1) * stride + self.width <= output.len(), "a place for each line");
        #[cfg(target_arch = "x86_64")]
        if self.along == 1 && self.across > 1 && is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has just been asked for the feature that the function enables, and both assertions
            // above are what it asks for.
            return unsafe { vectors::write(self, output, stride) };
        }
        // The number of columns is known when each of the loops is compiled.
        macro_rules! of_width {
            ($($width:literal)*) => {
                match self.width {
                    $($width => self.write_of::<$width>(output, stride),)*
                    _ => unreachable!("lines have up to {LINE} values"),
                }
            };
        }
        of_width!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16);
    }

    fn write_of<const WIDTH: usize>(self, output: &mut [MaybeUninit<f32>], stride: usize) {
        if self.across == 1 {
            for (line, output) in output.chunks_mut(stride).enumerate().take(self.count) {
                let values: &[f32] = &self.values[line * self.along..][..WIDTH];
                output[..WIDTH].write_copy_of_slice(values);
            }
            return;
        }
        let columns: [&[f32]; WIDTH] = std::array::from_fn(|column| &self.values[column * self.across..]);
        for (line, output) in output.chunks_mut(stride).enumerate().take(self.count) {
            for (place, column) in output[..WIDTH].iter_mut().zip(columns) {
                place.write(column[line * self.along]);
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) mod vectors {
    use std::arch::x86_64::{
        __m512i, _mm512_castps_si512, _mm512_castsi512_ps, _mm512_mask_storeu_ps, _mm512_maskz_loadu_ps,
        _mm512_setzero_si512, _mm512_shuffle_i32x4, _mm512_unpackhi_epi32, _mm512_unpackhi_epi64,
        _mm512_unpacklo_epi32, _mm512_unpacklo_epi64,
    };
    use std::mem::MaybeUninit;

    use super::{LINE, Lines};

    /// Bits for the first values of a register.
    fn first(values: usize) -> u16 {
        (u32::MAX << values.min(LINE)) as u16 ^ u16::MAX
    }

    /// Writes all lines of columns whose places stand together.
    ///
    /// # Safety
    ///
    /// The distance along a column must be 1, all values of `lines` must be there, and all places of lines in `output`.
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn write(lines: Lines<'_>, output: &mut [MaybeUninit<f32>], stride: usize) {
        let Lines { values, width, count, across, .. } = lines;
        let (values, output, mask) = (values.as_ptr(), output.as_mut_ptr().cast::<f32>(), first(width));
        for start in (0..count).step_by(LINE) {
            let there = LINE.min(count - start);
            let columns = std::array::from_fn(|column| match column < width {
                // SAFETY: of the values from here on, the instruction touches the first `there` alone, which are places of
                // one column.
                true => _mm512_castps_si512(unsafe {
                    _mm512_maskz_loadu_ps(first(there), values.add(column * across + start))
                }),
                false => _mm512_setzero_si512(),
            });
            for (line, values) in transposed(columns).into_iter().enumerate().take(there) {
                // SAFETY: of the places from here on, the instruction touches the first `width` alone, which are those of
                // one line.
                unsafe {
                    let place = output.add((start + line) * stride);
                    _mm512_mask_storeu_ps(place, mask, _mm512_castsi512_ps(values));
                }
            }
        }
    }

    /// Exchanges rows and columns of 16 by 16 words.
    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(in crate::host) fn transposed(r: [__m512i; LINE]) -> [__m512i; LINE] {
        // Words of two rows in turn, then of four: in each quarter of a register four columns of four rows.
        let pair =
            |at: usize| (_mm512_unpacklo_epi32(r[at], r[at + 1]), _mm512_unpackhi_epi32(r[at], r[at + 1]));
        let four = |at: usize| {
            let ((a, b), (c, d)) = (pair(at), pair(at + 2));
            [
                _mm512_unpacklo_epi64(a, c),
                _mm512_unpackhi_epi64(a, c),
                _mm512_unpacklo_epi64(b, d),
                _mm512_unpackhi_epi64(b, d),
            ]
        };
        let fours = [four(0), four(4), four(8), four(12)];
        let mut columns = r;
        for column in 0..4 {
            let [a, b, c, d] = fours.map(|four| four[column]);
            // Quarters of registers: columns `column`, `column + 4`, `column + 8`, `column + 12`.
            let (left_even, left_odd) =
                (_mm512_shuffle_i32x4::<0x88>(a, b), _mm512_shuffle_i32x4::<0xdd>(a, b));
            let (right_even, right_odd) =
                (_mm512_shuffle_i32x4::<0x88>(c, d), _mm512_shuffle_i32x4::<0xdd>(c, d));
            columns[column] = _mm512_shuffle_i32x4::<0x88>(left_even, right_even);
            columns[4 + column] = _mm512_shuffle_i32x4::<0x88>(left_odd, right_odd);
            columns[8 + column] = _mm512_shuffle_i32x4::<0xdd>(left_even, right_even);
            columns[12 + column] = _mm512_shuffle_i32x4::<0xdd>(left_odd, right_odd);
        }
        columns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_written_at_every_width_and_nothing_beside_them() {
        let values: Vec<f32> = (0..40 * 40).map(|value| value as f32).collect();
        for width in 1..=LINE {
            for (count, across, along) in
                [(1, 1, 40), (37, 1, 40), (1, 40, 1), (16, 40, 1), (37, 40, 1), (3, 2, 80)]
            {
                let lines = Lines { values: &values[3..], width, count, across, along };
                let stride = width + 2;
                let mut output = vec![MaybeUninit::new(-1.0); (count - 1) * stride + width];
                lines.write(&mut output, stride);
                for (place, value) in output.iter().enumerate() {
                    let (line, column) = (place / stride, place % stride);
                    let expected = match column < width {
                        true => (3 + column * across + line * along) as f32,
                        false => -1.0,
                    };
                    // SAFETY: every place was given a value when it was made.
                    let found = unsafe { value.assume_init() };
                    assert_eq!(found, expected, "{width} wide, {across} across, {along} along, at {place}");
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "values that are there")]
    fn values_that_are_not_there_are_refused() {
        let lines = Lines { values: &[0.0; 10], width: 5, count: 3, across: 1, along: 3 };
        lines.write(&mut [MaybeUninit::uninit(); 15], 5);
    }

    #[test]
    #[should_panic(expected = "a place for each line")]
    fn lines_without_a_place_are_refused() {
        let lines = Lines { values: &[0.0; 15], width: 5, count: 3, across: 1, along: 5 };
        lines.write(&mut [MaybeUninit::uninit(); 14], 5);
    }
}
