//! Loops compiled for the widest vector registers of the processor, chosen when the program runs.

use std::sync::LazyLock;

use pulp::bytemuck::bytes_of;
use pulp::{Arch, Simd};

pub(crate) static ARCH: LazyLock<Arch> = LazyLock::new(Arch::new);

/// Evaluates an expression with every vector instruction that the processor has.
///
/// Functions that it calls must be inlined into it (`#[inline(always)]`), or are compiled for the oldest
/// processor. That holds for `for_each` and `fold` of iterators, too, which may become functions of their own: loops are `for`.
macro_rules! vectorized {
    ($body:expr) => {
        $crate::host::simd::dispatch(
            #[inline(always)]
            || $body,
        )
    };
}
pub(crate) use vectorized;

/// The function behind the macro `vectorized`.
#[inline(always)]
pub(crate) fn dispatch<R>(operation: impl FnOnce() -> R) -> R {
    ARCH.dispatch(operation)
}

/// `a b + c`, rounded once; twice in WebAssembly, which has no such instruction and would call a slow function.
#[inline(always)]
pub fn mul_add(a: f32, b: f32, c: f32) -> f32 {
    if cfg!(target_arch = "wasm32") { a * b + c } else { a.mul_add(b, c) }
}

/// `a b + c` of whole registers, as [`mul_add`] rounds it.
#[inline(always)]
pub(crate) fn mul_add_registers<S: Simd>(simd: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
    if cfg!(target_arch = "wasm32") {
        simd.add_f32s(simd.mul_f32s(a, b), c)
    } else {
        simd.mul_add_f32s(a, b, c)
    }
}

/// Values taken together: as many lanes as the widest register has.
pub const LANES: usize = 16;

/// The sum over two slices, `[n]` each, in an order that depends on the length alone; `term` adds to a sum.
#[inline(always)]
pub fn sum_of(a: &[f32], b: &[f32], term: impl Fn(f32, f32, f32) -> f32) -> f32 {
    let (chunks_a, rest_a) = a.as_chunks::<LANES>();
    let (chunks_b, rest_b) = b.as_chunks::<LANES>();
    let mut lanes = [0.0_f32; LANES];
    for (a, b) in chunks_a.iter().zip(chunks_b) {
        for lane in 0..LANES {
            lanes[lane] = term(lanes[lane], a[lane], b[lane]);
        }
    }
    let mut sum = 0.0;
    for (&a, &b) in rest_a.iter().zip(rest_b) {
        sum = term(sum, a, b);
    }
    sum + fold(lanes)
}

/// The sum of the lanes, halves added to halves.
///
/// A call of its own: seen together with the loop before it, these additions make compilers hold the lanes in
/// pairs instead of whole registers.
#[inline(never)]
pub fn fold(lanes: [f32; LANES]) -> f32 {
    let eight: [f32; LANES / 2] = std::array::from_fn(|lane| lanes[lane] + lanes[lane + LANES / 2]);
    let four: [f32; LANES / 4] = std::array::from_fn(|lane| eight[lane] + eight[lane + LANES / 4]);
    (four[0] + four[2]) + (four[1] + four[3])
}

/// The sum of a slice, `[n]`.
#[inline(always)]
pub fn sum(values: &[f32]) -> f32 {
    sum_of(values, values, |sum, value, _| sum + value)
}

/// The inner product of two slices, `[n]` each.
#[inline(always)]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    sum_of(a, b, |sum, a, b| mul_add(a, b, sum))
}

/// The largest value of a slice, `[n]`; negative infinity when there is none.
#[inline(always)]
pub fn maximum(values: &[f32]) -> f32 {
    let (chunks, rest) = values.as_chunks::<LANES>();
    let mut lanes = [f32::NEG_INFINITY; LANES];
    for chunk in chunks {
        for lane in 0..LANES {
            lanes[lane] = if chunk[lane] > lanes[lane] { chunk[lane] } else { lanes[lane] };
        }
    }
    let larger = |a: f32, b: f32| if b > a { b } else { a };
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] = larger(lanes[lane], lanes[lane + width]);
        }
        width /= 2;
    }
    rest.iter().fold(lanes[0], |largest, &value| larger(largest, value))
}

/// Replaces every value, `[n]`, by `exp(value - highest)` and gives their sum.
#[inline(always)]
pub fn exponentials(values: &mut [f32], highest: f32) -> f32 {
    let (chunks, rest) = values.as_chunks_mut::<LANES>();
    let mut lanes = [0.0_f32; LANES];
    for chunk in chunks {
        for lane in 0..LANES {
            chunk[lane] = exp(chunk[lane] - highest);
            lanes[lane] += chunk[lane];
        }
    }
    let mut sum = 0.0;
    for value in rest {
        *value = exp(*value - highest);
        sum += *value;
    }
    sum + fold(lanes)
}

/// `sum[i] += values[i]`, `[n]` each.
#[inline(always)]
pub fn add(sum: &mut [f32], values: &[f32]) {
    for (sum, &value) in sum.iter_mut().zip(values) {
        *sum += value;
    }
}

/// Adds rows to their sum, `[rows, n]` to `[n]`.
#[inline(always)]
pub fn add_rows(sum: &mut [f32], rows: &[f32]) {
    for row in rows.chunks_exact(sum.len().max(1)) {
        add(sum, row);
    }
}

/// Adding 1.5 * 2^23 rounds to the nearest whole number, of two the even one, which then stands in the low bits.
pub(crate) const ROUND: f32 = 12_582_912.0;

/// `e^x` within 2 units in the last place, for x from -87 to 88; what lies outside is moved to the border.
///
/// `2^n p(r)` with `r = x - n ln 2`, `ln 2` in two parts (Cody and Waite 1980) and a polynomial of degree 6.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    let x = if x > -87.0 { x } else { -87.0 };
    let x = if x < 88.0 { x } else { 88.0 };
    let shifted = mul_add(x, std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = mul_add(n, -0.693_359_4, x);
    let r = mul_add(n, 2.121_944_4e-4, r);
    let p = 1.987_569_1e-4_f32;
    let p = mul_add(p, r, 1.398_2e-3);
    let p = mul_add(p, r, 8.333_452e-3);
    let p = mul_add(p, r, 4.166_579_6e-2);
    let p = mul_add(p, r, 1.666_666_5e-1);
    let p = mul_add(p, r, 0.5);
    let p = mul_add(p, r * r, r) + 1.0;
    p * f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23))
}

/// The largest value of a slice, `[n]`, as [`maximum`] finds it, by registers.
#[inline(always)]
pub(crate) fn maximum_by_registers<S: Simd>(simd: S, values: &[f32]) -> f32 {
    let (registers, rest) = S::as_simd_f32s(values);
    let mut highest = simd.splat_f32s(f32::NEG_INFINITY);
    for &register in registers {
        highest = simd.max_f32s(register, highest);
    }
    let larger = |a: f32, b: f32| if b > a { b } else { a };
    rest.iter().fold(simd.reduce_max_f32s(highest), |largest, &value| larger(largest, value))
}

/// The sum of [`LANES`] sums, which the first registers hold, halves added to halves as in [`fold`].
#[inline(always)]
pub(crate) fn fold_registers<S: Simd>(simd: S, mut registers: [S::f32s; LANES]) -> f32 {
    let mut count = LANES / S::F32_LANES;
    while count > 1 {
        count /= 2;
        for number in 0..count {
            registers[number] = simd.add_f32s(registers[number], registers[number + count]);
        }
    }
    if S::F32_LANES >= 8 {
        return simd.reduce_sum_f32s(registers[0]);
    }
    // A register of four lanes may be summed by an instruction that adds neighbours, which is another order.
    let mut lanes = [0.0; LANES];
    simd.partial_store_f32s(&mut lanes[..S::F32_LANES], registers[0]);
    if S::F32_LANES == 4 { (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]) } else { lanes[0] }
}

/// The lanes of a register that are above a level, a bit each, the first lowest; what is no number is not.
#[inline(always)]
pub(crate) fn lanes_above<S: Simd>(simd: S, register: S::f32s, level: S::f32s) -> u32 {
    let mask = simd.greater_than_f32s(register, level);
    match bytes_of(&mask) {
        // AVX-512 has a bit for each lane, and all others a number as wide as the lane.
        &[low, high] => u32::from(u16::from_ne_bytes([low, high])),
        &[only] => u32::from(only),
        words => {
            let words = words.chunks_exact(size_of::<f32>()).enumerate();
            words.fold(0, |lanes, (lane, word)| lanes | u32::from(word[0] & 1) << lane)
        }
    }
}

/// `e^x` of whole registers for x up to 0, within 3e-7 and 2e-8 for each unit of x; what lies below -87 is moved there, and what
/// is no number stays none.
///
/// `2^n p(r)` with `r = x / ln 2 - n` and a minimax polynomial of degree 5: enough where powers are only summed, and two thirds
/// of the instructions of [`exp`].
#[inline(always)]
pub(crate) fn exp_of_negatives<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    const POLYNOMIAL: [f32; 6] =
        [1.000_000_1, 0.693_146_94, 0.240_221_2, 0.055_507_13, 0.009_675_541, 0.001_327_647_2];
    let (least, round) = (simd.splat_f32s(-87.0), simd.splat_f32s(ROUND));
    let log_2_e = simd.splat_f32s(std::f32::consts::LOG2_E);
    let x = simd.select_f32s(simd.less_than_f32s(x, least), least, x);
    let shifted = mul_add_registers(simd, x, log_2_e, round);
    let n = simd.sub_f32s(shifted, round);
    let r = mul_add_registers(simd, x, log_2_e, simd.neg_f32s(n));
    let mut p = simd.splat_f32s(POLYNOMIAL[5]);
    p = mul_add_registers(simd, p, r, simd.splat_f32s(POLYNOMIAL[4]));
    p = mul_add_registers(simd, p, r, simd.splat_f32s(POLYNOMIAL[3]));
    p = mul_add_registers(simd, p, r, simd.splat_f32s(POLYNOMIAL[2]));
    p = mul_add_registers(simd, p, r, simd.splat_f32s(POLYNOMIAL[1]));
    p = mul_add_registers(simd, p, r, simd.splat_f32s(POLYNOMIAL[0]));
    // The exponent of p grows by the n in the low bits; what lies above them leaves the register.
    let n = simd.wrapping_dyn_shl_u32s(simd.transmute_u32s_f32s(shifted), simd.splat_u32s(23));
    simd.transmute_f32s_u32s(simd.add_u32s(simd.transmute_u32s_f32s(p), n))
}

/// The logistic function.
#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// The error function within 3e-7 (Abramowitz and Stegun 1964, 7.1.26).
#[inline(always)]
pub fn erf(x: f32) -> f32 {
    let magnitude = x.abs();
    let t = 1.0 / mul_add(magnitude, 0.327_591_1, 1.0);
    let p = 1.061_405_4_f32;
    let p = mul_add(p, t, -1.453_152_1);
    let p = mul_add(p, t, 1.421_413_8);
    let p = mul_add(p, t, -0.284_496_72);
    let p = mul_add(p, t, 0.254_829_6);
    let value = 1.0 - p * t * exp(-magnitude * magnitude);
    if x < 0.0 { -value } else { value }
}

/// What an operation gives with registers of every width that the processor has, and without any.
#[cfg(test)]
pub(crate) fn with_every_width<Operation: pulp::WithSimd>(
    operation: impl Fn() -> Operation,
) -> Vec<Operation::Output> {
    #[cfg(target_arch = "x86_64")]
    let of_256_bits = pulp::x86::V3::try_new().map(|simd| Simd::vectorize(simd, operation()));
    #[cfg(not(target_arch = "x86_64"))]
    let of_256_bits = None;
    let widest = ARCH.dispatch(operation());
    let single = Simd::vectorize(pulp::Scalar::new(), operation());
    [Some(widest), Some(single), of_256_bits].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use pulp::WithSimd;

    use super::*;

    #[test]
    fn exponential_is_close_to_the_librarys() {
        for step in -87_000..=88_000 {
            let x = step as f32 / 1000.0;
            let (ours, theirs) = (exp(x), f64::from(x).exp());
            assert!((f64::from(ours) / theirs - 1.0).abs() < 3e-7, "exp({x}) = {ours}, not {theirs}");
        }
        assert!(exp(f32::NEG_INFINITY) < 1e-37 && exp(-1e9) < 1e-37);
    }

    /// Negatives by registers, and the largest of them.
    struct Registers<'a>(&'a [f32], &'a mut [f32]);

    impl WithSimd for Registers<'_> {
        type Output = f32;

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> f32 {
            for (values, powers) in self.0.chunks(S::F32_LANES).zip(self.1.chunks_mut(S::F32_LANES)) {
                simd.partial_store_f32s(powers, exp_of_negatives(simd, simd.partial_load_f32s(values)));
            }
            maximum_by_registers(simd, self.0)
        }
    }

    #[test]
    fn exponentials_of_negatives_are_close_to_the_librarys() {
        let mut values: Vec<f32> = (-87_000..=0).map(|step| step as f32 / 1000.0).collect();
        values.extend([f32::NEG_INFINITY, -1e9]);
        let mut powers = vec![0.0; values.len()];
        assert_eq!(ARCH.dispatch(Registers(&values, &mut powers)), 0.0);
        // Without fused additions the part of a power of two that is left is rounded once more.
        let of_each = if cfg!(target_arch = "wasm32") { 8e-8 } else { 2e-8 };
        for (x, &found) in values.iter().zip(&powers).take(87_001) {
            let error = (f64::from(found) / f64::from(*x).exp() - 1.0).abs();
            assert!(error < 3e-7 + of_each * f64::from(-x), "exp({x}) = {found}");
        }
        assert!(powers[87_001..].iter().all(|&power| power < 1e-37));
        ARCH.dispatch(Registers(&[f32::NAN], &mut powers));
        assert!(powers[0].is_nan());
        assert_eq!(ARCH.dispatch(Registers(&[], &mut [])), f32::NEG_INFINITY);
    }

    /// Values of the error function from the NIST handbook (DLMF 7.23).
    #[test]
    fn error_function_is_close_to_the_tables() {
        for (x, expected) in [(0.0, 0.0), (0.5, 0.520_499_9), (1.0, 0.842_700_8), (2.0, 0.995_322_3)] {
            assert!((erf(x) - expected).abs() < 5e-7, "erf({x}) = {}", erf(x));
            assert!((erf(-x) + expected).abs() < 5e-7);
        }
    }

    #[test]
    fn sums_hold_at_every_length() {
        for length in 0..100 {
            let values: Vec<f32> = (0..length).map(|at| at as f32 - 20.0).collect();
            let expected: f32 = values.iter().sum();
            assert_eq!(vectorized!(sum(&values)), expected);
            assert_eq!(
                vectorized!(dot(&values, &values)),
                values.iter().map(|value| value * value).sum::<f32>()
            );
            let largest = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            assert_eq!(vectorized!(maximum(&values)), largest);
        }
    }
}
