//! Inverse cosine transform of a block, in whole numbers: the algorithm of Loeffler, Ligtenberg and Moschytz (1989)
//! with 12 multiplications a row, scaled and rounded as libjpeg does it, so that levels are the same to the last bit.

use std::num::Wrapping;

type Number = Wrapping<i32>;

/// Bits behind the point of the factors.
const FACTOR_BITS: usize = 13;
/// Bits that are kept behind the point between the passes.
const PASS_BITS: usize = 2;

const fn factor(value: f64) -> Number {
    Wrapping((value * (1 << FACTOR_BITS) as f64 + 0.5) as i32)
}

const F_0_298: Number = factor(0.298631336);
const F_0_390: Number = factor(0.390180644);
const F_0_541: Number = factor(0.541196100);
const F_0_765: Number = factor(0.765366865);
const F_0_899: Number = factor(0.899976223);
const F_1_175: Number = factor(1.175875602);
const F_1_501: Number = factor(1.501321110);
const F_1_847: Number = factor(1.847759065);
const F_1_961: Number = factor(1.961570560);
const F_2_053: Number = factor(2.053119869);
const F_2_562: Number = factor(2.562915447);
const F_3_072: Number = factor(3.072711026);

/// Eight values transformed; `shift` takes away the bits behind the point, rounded.
#[inline(always)]
fn transform(v: [Number; 8], shift: usize) -> [Number; 8] {
    // The even part.
    let z = (v[2] + v[6]) * F_0_541;
    let (t2, t3) = (z - v[6] * F_1_847, z + v[2] * F_0_765);
    let (t0, t1) = ((v[0] + v[4]) << FACTOR_BITS, (v[0] - v[4]) << FACTOR_BITS);
    let even = [t0 + t3, t1 + t2, t1 - t2, t0 - t3];
    // The odd part.
    let (z1, z2, z3, z4) = (v[7] + v[1], v[5] + v[3], v[7] + v[3], v[5] + v[1]);
    let z5 = (z3 + z4) * F_1_175;
    let (z1, z2) = (-z1 * F_0_899, -z2 * F_2_562);
    let (z3, z4) = (z5 - z3 * F_1_961, z5 - z4 * F_0_390);
    let odd = [
        v[1] * F_1_501 + z1 + z4,
        v[3] * F_3_072 + z2 + z3,
        v[5] * F_2_053 + z2 + z4,
        v[7] * F_0_298 + z1 + z3,
    ];
    let half = Wrapping(1 << (shift - 1));
    std::array::from_fn(|index| match index {
        0..4 => (even[index] + odd[index] + half) >> shift,
        _ => (even[7 - index] - odd[7 - index] + half) >> shift,
    })
}

/// Levels of a block from its coefficients, both row by row; `stride` lies between rows of levels.
pub(super) fn inverse(coefficients: &[i16; 64], quantization: &[u16; 64], levels: &mut [u8], stride: usize) {
    let (top, bottom) = coefficients.split_at(32);
    let right = top.as_chunks::<8>().0.iter().fold(0, |any, row| any | row[4] | row[5] | row[6] | row[7]);
    // Most blocks have no fine waves, and need half of the work.
    if bottom.iter().fold(right, |any, value| any | value) == 0 {
        inverse_of::<4>(coefficients, quantization, levels, stride);
    } else {
        inverse_of::<8>(coefficients, quantization, levels, stride);
    }
}

/// Levels of a block of which only the first `SIDE` coefficients of each side are not zero.
#[inline(always)]
fn inverse_of<const SIDE: usize>(
    coefficients: &[i16; 64],
    quantization: &[u16; 64],
    levels: &mut [u8],
    stride: usize,
) {
    let mut middle = [[Wrapping(0); 8]; 8];
    for x in 0..SIDE {
        let value = |y: usize| {
            let product = i32::from(coefficients[8 * y + x]) * i32::from(quantization[8 * y + x]);
            if y < SIDE { Wrapping(i32::from(product as i16)) } else { Wrapping(0) }
        };
        let column: [Number; 8] = std::array::from_fn(value);
        let column = transform(column, FACTOR_BITS - PASS_BITS);
        for (row, value) in middle.iter_mut().zip(column) {
            row[x] = value;
        }
    }
    for (row, levels) in middle.iter().zip(levels.chunks_mut(stride)) {
        let row: [Number; 8] = std::array::from_fn(|x| if x < SIDE { row[x] } else { Wrapping(0) });
        let row = transform(row, FACTOR_BITS + PASS_BITS + 3);
        for (level, value) in levels.iter_mut().zip(row) {
            *level = (value.0 + 128).clamp(0, 255) as u8;
        }
    }
}

/// The level of a block that has nothing but its mean.
pub(super) fn flat(mean: i16, quantization: u16) -> u8 {
    let product = i32::from((i32::from(mean) * i32::from(quantization)) as i16);
    (((product + 4) >> 3) + 128).clamp(0, 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_those_of_the_cosine_transform() {
        let mut coefficients = [0_i16; 64];
        for (place, value) in [(0, 100), (1, -60), (8, 35), (9, 20), (27, -15), (63, 8)] {
            coefficients[place] = value;
        }
        let quantization: [u16; 64] = std::array::from_fn(|place| 1 + place as u16 % 3);
        let mut levels = [0; 64];
        inverse(&coefficients, &quantization, &mut levels, 8);
        let angle = |place: usize, frequency: usize| {
            let scale = if frequency == 0 { 0.5_f64.sqrt() } else { 1.0 };
            let turn = (2 * place + 1) as f64 * frequency as f64 * std::f64::consts::PI / 16.0;
            scale * turn.cos() / 2.0
        };
        for (place, &level) in levels.iter().enumerate() {
            let terms = (0..64).map(|k| {
                let value = f64::from(coefficients[k]) * f64::from(quantization[k]);
                value * angle(place / 8, k / 8) * angle(place % 8, k % 8)
            });
            let exact = terms.sum::<f64>() + 128.0;
            assert!((exact - f64::from(level)).abs() < 0.6, "{place}: {level}, not {exact}");
        }
    }

    #[test]
    fn flat_blocks_are_what_the_transform_makes_of_them() {
        for mean in [-2000, -515, -7, -4, 0, 3, 4, 5, 100, 1016, 3000] {
            let mut coefficients = [0; 64];
            coefficients[0] = mean;
            let mut levels = [0; 64];
            inverse(&coefficients, &[3; 64], &mut levels, 8);
            assert_eq!(levels, [flat(mean, 3); 64], "{mean}");
        }
    }

    #[test]
    fn damaged_coefficients_do_no_harm() {
        for value in [i16::MIN, i16::MAX] {
            let mut levels = [0; 64];
            inverse(&[value; 64], &[u16::MAX; 64], &mut levels, 8);
        }
    }
}
