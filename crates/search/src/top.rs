//! The best tokens of a row of logits, without sorting the vocabulary.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// A token and its logit, ordered by the logit, and for equal logits with the lower token as the greater.
#[derive(Clone, Copy, Debug)]
pub struct Scored {
    /// The logit.
    pub logit: f32,
    /// The token.
    pub token: u32,
}

impl PartialEq for Scored {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Scored {}

impl Ord for Scored {
    fn cmp(&self, other: &Self) -> Ordering {
        // Rows with a NaN never get here, and -0 is to equal 0.
        let logits = self.logit.partial_cmp(&other.logit).unwrap_or(Ordering::Equal);
        logits.then(other.token.cmp(&self.token))
    }
}

impl PartialOrd for Scored {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The `count` best tokens, best first; those with a logit of minus infinity never. One pass over the row
/// with a heap of `count`: most tokens cost one comparison.
pub(crate) fn top(logits: &[f32], count: usize) -> Vec<Scored> {
    let mut heap: BinaryHeap<Reverse<Scored>> = BinaryHeap::with_capacity(count.min(logits.len()) + 1);
    // Tokens come in rising order, so an equal logit never displaces one that is in.
    let mut least = f32::NEG_INFINITY;
    for (token, &logit) in (0..).zip(logits) {
        if logit <= least {
            continue;
        }
        heap.push(Reverse(Scored { logit, token }));
        if heap.len() > count {
            heap.pop();
        }
        if heap.len() == count {
            least = heap.peek().map_or(least, |Reverse(worst)| worst.logit);
        }
    }
    heap.into_sorted_vec().into_iter().map(|Reverse(scored)| scored).collect()
}

/// Partial sums held at once.
const LANES: usize = 16;

/// The logarithm of the sum of exponentials below the highest; no number when a logit is none.
pub fn log_sum_exp(logits: &[f32]) -> f64 {
    let (chunks, rest) = logits.as_chunks::<LANES>();
    let (mut highest, mut checks) = ([f32::NEG_INFINITY; LANES], [false; LANES]);
    for chunk in chunks {
        for lane in 0..LANES {
            highest[lane] = if chunk[lane] > highest[lane] { chunk[lane] } else { highest[lane] };
            checks[lane] |= chunk[lane].is_nan();
        }
    }
    if checks.contains(&true) || rest.iter().any(|logit| logit.is_nan()) {
        return f64::NAN;
    }
    let maximum = highest.iter().chain(rest).copied().fold(f32::NEG_INFINITY, f32::max);
    if maximum.is_infinite() {
        return f64::from(maximum);
    }
    let mut lanes = [0.0_f32; LANES];
    for chunk in chunks {
        for lane in 0..LANES {
            lanes[lane] += exp(chunk[lane] - maximum);
        }
    }
    let sum = lanes.iter().map(|&lane| f64::from(lane)).sum::<f64>();
    let rest = rest.iter().map(|&logit| f64::from(exp(logit - maximum))).sum::<f64>();
    f64::from(maximum) + (sum + rest).ln()
}

/// `e^x` of x from minus infinity to 0 within a few units in the last place; below -87 it stays at the least
/// value. Plain additions and multiplications that compilers turn into vector instructions: `2^n p(r)` with
/// `r = x - n ln 2`, `ln 2` in two parts (Cody and Waite 1980), and Taylor's polynomial of degree 7.
#[inline(always)]
fn exp(x: f32) -> f32 {
    // Adding 1.5 * 2^23 rounds to the nearest whole number, which then stands in the low bits.
    const ROUND: f32 = 12_582_912.0;
    let x = if x > -87.0 { x } else { -87.0 };
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (x - n * 0.693_359_4) - n * -2.121_944_4e-4;
    let p = 1.0 / 5040.0_f32;
    let p = p * r + 1.0 / 720.0;
    let p = p * r + 1.0 / 120.0;
    let p = p * r + 1.0 / 24.0;
    let p = p * r + 1.0 / 6.0;
    let p = p * r + 0.5;
    let p = p * (r * r) + r + 1.0;
    p * f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23))
}

#[cfg(test)]
mod tests {
    use super::*;
    use any2any_adapter::Seed;

    #[test]
    fn top_equals_sorting() {
        let mut random = Seed(1).random("top", 0);
        for case in 0..200 {
            // Few distinct values, so that there are many equals.
            let logits: Vec<f32> = (0..random.below(40))
                .map(|_| match random.below(8) {
                    0 => f32::NEG_INFINITY,
                    value => value as f32 / 2.0 - 2.0,
                })
                .collect();
            let mut sorted: Vec<Scored> =
                (0..).zip(&logits).map(|(token, &logit)| Scored { logit, token }).collect();
            sorted.retain(|scored| scored.logit > f32::NEG_INFINITY);
            sorted.sort_by(|a, b| b.cmp(a));
            for count in [0, 1, 3, 50] {
                let expected = &sorted[..count.min(sorted.len())];
                assert_eq!(top(&logits, count), expected, "case {case}, top {count} of {logits:?}");
            }
        }
    }

    #[test]
    fn zeros_of_both_signs_are_equal() {
        for count in 1..=3 {
            assert_eq!(top(&[-0.0, 0.0, -0.0], count)[0].token, 0, "top {count}");
        }
    }

    #[test]
    fn exponential_is_close_to_the_librarys() {
        for step in 0..=87_000 {
            let x = step as f32 / -1000.0;
            let (ours, theirs) = (exp(x), f64::from(x).exp());
            assert!((f64::from(ours) / theirs - 1.0).abs() < 4e-7, "exp({x}) = {ours}, not {theirs}");
        }
        assert!(exp(f32::NEG_INFINITY) < 1e-37);
    }

    #[test]
    fn log_sum_exp_of_many() {
        let logits: Vec<f32> = (0..9001).map(|at| (at % 97) as f32 / 5.0 - 9.0).collect();
        let expected = logits.iter().map(|&logit| f64::from(logit).exp()).sum::<f64>().ln();
        assert!((log_sum_exp(&logits) - expected).abs() < 1e-6);
        for bad in [f32::NAN, f32::INFINITY] {
            for at in [0, 8999, 9000] {
                let mut logits = logits.clone();
                logits[at] = bad;
                assert!(!log_sum_exp(&logits).is_finite(), "{bad} at {at}");
            }
        }
    }

    #[test]
    fn log_sum_exp_of_all_sizes() {
        let cases: [(&[f32], f64); 6] = [
            (&[0.0, 0.0], 2.0_f64.ln()),
            (&[1000.0, 1000.0, 999.0], 1000.0 + (2.0 + (-1.0_f64).exp()).ln()),
            (&[-1000.0, 3.0], 3.0),
            (&[f32::NEG_INFINITY, 1.5], 1.5),
            (&[f32::NEG_INFINITY], f64::NEG_INFINITY),
            (&[-2.0, -1.0, 0.0], (1.0 + (-1.0_f64).exp() + (-2.0_f64).exp()).ln()),
        ];
        for (logits, expected) in cases {
            let found = log_sum_exp(logits);
            assert!(found == expected || (found - expected).abs() < 1e-6, "{logits:?}: {found}");
        }
        assert!(log_sum_exp(&[0.0, f32::NAN, 1.0]).is_nan());
    }
}
