//! The best tokens of a row of logits, without sorting the vocabulary.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// A token and its logit. The greater is the better: the higher logit, and of equals the lower token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scored {
    pub(crate) logit: f32,
    pub(crate) token: u32,
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

/// The logarithm of the sum of exponentials, in one pass: the sum is rescaled when a new maximum comes
/// (Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018).
pub(crate) fn log_sum_exp(logits: &[f32]) -> f64 {
    let (mut maximum, mut sum) = (f32::NEG_INFINITY, 0.0_f64);
    for &logit in logits {
        if logit > maximum {
            sum = sum * f64::from(maximum - logit).exp() + 1.0;
            maximum = logit;
        } else if logit > f32::NEG_INFINITY {
            sum += f64::from((logit - maximum).exp());
        } else if logit.is_nan() {
            return f64::NAN;
        }
    }
    f64::from(maximum) + sum.ln()
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
