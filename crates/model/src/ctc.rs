//! Connectionist temporal classification (Graves et al. 2006): the loss of an encoder whose positions, each
//! with a token or a blank, spell the target from left to right.
//!
//! Beside the decoder's loss it teaches the encoder early which part of the source is which token (Watanabe
//! et al. 2017). The probability of a target sums over all its alignments by the forward-backward algorithm,
//! here in logarithms, a row a thread; its gradient with respect to the logits is known in closed form, so
//! nothing of the recursion is recorded.

use burn::tensor::{Tensor, TensorData};
use rayon::prelude::*;

/// The targets that the rows of a batch should spell.
#[derive(Clone, Copy, Debug)]
pub struct Alignment<'a> {
    /// The number of positions of each row, `[batch]`.
    pub lengths: &'a [usize],
    /// The tokens of each row, `[batch]` of any length, without blanks and without an end.
    pub targets: &'a [&'a [u32]],
    /// The token that stands for nothing.
    pub blank: u32,
}

/// The negative log-likelihood of all targets that [can be aligned](can_align), in nats, and a tensor of one
/// element whose backward pass gives its gradient times `weight`.
///
/// # Shapes
///
/// - logits: `[batch, positions, vocabulary]`; gradient of the loss: `[1]`
pub fn ctc_loss(logits: Tensor<3>, alignment: Alignment<'_>, weight: f64) -> (f64, Tensor<1>) {
    let [batch, positions, vocabulary] = logits.dims();
    let device = logits.device();
    let values = logits.clone().detach().into_data().convert::<f32>();
    let values: Vec<f32> = values.try_into_vec().expect("converted to 32-bit floats");
    let mut gradient = vec![0.0_f32; values.len()];
    let row = |(row, gradient): (usize, &mut [f32])| {
        let logits = &values[row * positions * vocabulary..][..alignment.lengths[row] * vocabulary];
        row_loss(logits, vocabulary, alignment.targets[row], alignment.blank, gradient)
    };
    let losses: Vec<Option<f64>> =
        gradient.par_chunks_mut((positions * vocabulary).max(1)).enumerate().map(row).collect();
    let loss = losses.iter().flatten().sum();
    let gradient = Tensor::<3>::from_data(TensorData::new(gradient, [batch, positions, vocabulary]), &device);
    (loss, (logits * gradient).sum().mul_scalar(weight))
}

/// True when so many positions can spell a target: one a token, and a blank between two that are equal.
pub fn can_align(positions: usize, target: &[u32]) -> bool {
    let repeats = target.windows(2).filter(|pair| pair[0] == pair[1]).count();
    positions >= (target.len() + repeats).max(1)
}

/// The negative log-likelihood of one row, and its gradient with respect to the logits.
///
/// # Shapes
///
/// - logits and gradient: `[positions, vocabulary]`, the gradient with padding behind; target: `[target]`
///
/// Returns `None`, and leaves the gradient alone, when the target does not fit.
fn row_loss(
    logits: &[f32],
    vocabulary: usize,
    target: &[u32],
    blank: u32,
    gradient: &mut [f32],
) -> Option<f64> {
    let positions = logits.len() / vocabulary.max(1);
    if !can_align(positions, target) {
        return None;
    }
    // Blanks around and between the tokens.
    let states = 2 * target.len() + 1;
    let symbol = |state: usize| if state.is_multiple_of(2) { blank } else { target[state / 2] } as usize;
    let skips =
        |state: usize| state >= 2 && symbol(state) != blank as usize && symbol(state) != symbol(state - 2);
    let normal: Vec<f64> = logits.chunks_exact(vocabulary).map(log_sum).collect();
    let log = |at: usize, state: usize| f64::from(logits[at * vocabulary + symbol(state)]) - normal[at];

    let mut forward = vec![f64::NEG_INFINITY; positions * states];
    for at in 0..positions {
        for state in 0..states {
            let before = match at {
                0 => {
                    if state < 2 {
                        0.0
                    } else {
                        f64::NEG_INFINITY
                    }
                }
                _ => {
                    let previous = &forward[(at - 1) * states..][..states];
                    let mut sum = previous[state];
                    if state >= 1 {
                        sum = log_add(sum, previous[state - 1]);
                    }
                    if skips(state) {
                        sum = log_add(sum, previous[state - 2]);
                    }
                    sum
                }
            };
            forward[at * states + state] = before + log(at, state);
        }
    }
    // The probability of all that follows a state, the state itself not counted.
    let mut backward = vec![f64::NEG_INFINITY; positions * states];
    backward[positions * states - 1] = 0.0;
    if states > 1 {
        backward[positions * states - 2] = 0.0;
    }
    for at in (0..positions - 1).rev() {
        for state in 0..states {
            let next = |state: usize| backward[(at + 1) * states + state] + log(at + 1, state);
            let mut sum = next(state);
            if state + 1 < states {
                sum = log_add(sum, next(state + 1));
            }
            if state + 2 < states && skips(state + 2) {
                sum = log_add(sum, next(state + 2));
            }
            backward[at * states + state] = sum;
        }
    }
    let last = &forward[(positions - 1) * states..];
    let total = log_add(last[states - 1], if states > 1 { last[states - 2] } else { f64::NEG_INFINITY });
    if !total.is_finite() {
        return None;
    }
    for at in 0..positions {
        let row = &mut gradient[at * vocabulary..][..vocabulary];
        for (value, &logit) in row.iter_mut().zip(&logits[at * vocabulary..]) {
            *value = (f64::from(logit) - normal[at]).exp() as f32;
        }
        for state in 0..states {
            let share = forward[at * states + state] + backward[at * states + state] - total;
            row[symbol(state)] -= share.exp() as f32;
        }
    }
    Some(-total)
}

/// The logarithm of the sum of exponentials of a row, `[vocabulary]`.
fn log_sum(row: &[f32]) -> f64 {
    let highest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    f64::from(highest) + row.iter().map(|&logit| f64::from(logit - highest).exp()).sum::<f64>().ln()
}

fn log_add(a: f64, b: f64) -> f64 {
    let (low, high) = if a < b { (a, b) } else { (b, a) };
    if low == f64::NEG_INFINITY { high } else { high + (low - high).exp().ln_1p() }
}

#[cfg(test)]
mod tests {
    use any2any_adapter::Seed;

    use super::*;

    fn loss(logits: &[f32], target: &[u32]) -> Option<f64> {
        row_loss(logits, 3, target, 0, &mut vec![0.0; logits.len()])
    }

    /// The probability of a target as the sum over every path.
    fn by_enumeration(logits: &[f32], target: &[u32]) -> f64 {
        let positions = logits.len() / 3;
        let mut sum = 0.0;
        for path in 0..3_usize.pow(positions as u32) {
            let symbols: Vec<usize> = (0..positions).map(|at| path / 3_usize.pow(at as u32) % 3).collect();
            let mut spelled = symbols.clone();
            spelled.dedup();
            spelled.retain(|&symbol| symbol != 0);
            if spelled.iter().map(|&symbol| symbol as u32).eq(target.iter().copied()) {
                let log = |(at, &symbol): (usize, &usize)| {
                    let row = &logits[at * 3..][..3];
                    f64::from(row[symbol]) - log_sum(row)
                };
                sum += symbols.iter().enumerate().map(log).sum::<f64>().exp();
            }
        }
        -sum.ln()
    }

    #[test]
    fn every_alignment_is_counted_once() {
        let mut random = Seed(3).random("logits", 0);
        for target in [&[][..], &[1], &[1, 2], &[1, 1], &[2, 1, 2], &[2, 2, 1]] {
            let logits: Vec<f32> = (0..5 * 3).map(|_| random.normal() as f32).collect();
            let found = loss(&logits, target).expect("it fits");
            let expected = by_enumeration(&logits, target);
            assert!((found - expected).abs() < 1e-6, "{target:?}: {found} {expected}");
        }
    }

    #[test]
    fn a_target_that_does_not_fit_does_not_count() {
        assert!(loss(&[0.0; 6], &[1, 2, 1]).is_none());
        assert!(loss(&[0.0; 6], &[1, 1]).is_none());
        assert!(loss(&[0.0; 9], &[1, 1]).is_some());
        assert!(loss(&[], &[]).is_none());
    }

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        let mut random = Seed(4).random("logits", 0);
        let logits: Vec<f32> = (0..6 * 3).map(|_| random.normal() as f32).collect();
        let target = [1, 2, 2];
        let mut gradient = vec![0.0; logits.len()];
        row_loss(&logits, 3, &target, 0, &mut gradient).expect("it fits");
        for at in 0..logits.len() {
            let moved = |by: f32| {
                let mut logits = logits.clone();
                logits[at] += by;
                loss(&logits, &target).expect("it fits")
            };
            let difference = (moved(1e-2) - moved(-1e-2)) / 2e-2;
            assert!((f64::from(gradient[at]) - difference).abs() < 1e-3, "{at}");
        }
    }
}
