//! Loops compiled for the widest vector registers of the processor, chosen when the program runs.

use std::sync::LazyLock;

use pulp::Arch;

pub(crate) static ARCH: LazyLock<Arch> = LazyLock::new(Arch::new);

/// Evaluates an expression with every vector instruction that the processor has.
///
/// Functions that it calls must be inlined into it (`#[inline(always)]`), or are compiled for the oldest
/// processor.
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
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane = if value > *lane { value } else { *lane };
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
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *value = exp(*value - highest);
            *lane += *value;
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

/// `e^x` within 2 units in the last place, for x from -87 to 88; what lies outside is moved to the border.
///
/// `2^n p(r)` with `r = x - n ln 2`, `ln 2` in two parts (Cody and Waite 1980) and a polynomial of degree 6.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    // Adding 1.5 * 2^23 rounds to the nearest whole number, which then stands in the low bits.
    const ROUND: f32 = 12_582_912.0;
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

#[cfg(test)]
mod tests {
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
