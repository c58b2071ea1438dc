//! Result of one training of a grid.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::digits::{rounded, short};

/// The largest normalised loss; larger ones are clipped.
const LARGEST: f64 = 1e6;

/// The number of last losses that decide whether a training has converged.
const TAIL: usize = 20;

/// The most losses kept of every cell.
const POINTS: u64 = 16;

/// A cell of the grid: the result of its training.
///
/// Losses are those of a target token against smoothed targets, in nats, before the update of their step; null if the
/// loss or an earlier gradient was not finite.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cell {
    /// The index on each axis, from 0.
    pub at: Vec<usize>,
    /// The loss of the first step.
    pub first_loss: Option<f64>,
    /// The loss of the last step.
    pub loss: Option<f64>,
    /// The number of updates.
    pub steps: u64,
    /// The first step whose loss was at most half of the first loss.
    pub halved: Option<u64>,
    /// The first step whose loss or gradient was not finite.
    pub diverged: Option<u64>,
    /// True if the mean of the last losses is below the first loss.
    pub converged: bool,
    /// The speed: minus the sum of losses divided by the first if training converged, the sum of their inverses if not.
    pub measure: f64,
    /// The losses at the sweep's `points`.
    pub losses: Vec<Option<f64>>,
}

/// The steps at which every cell keeps its loss: the first, the last, and some between.
pub fn points(steps: u64) -> Vec<u64> {
    let count = steps.min(POINTS);
    let last = count.saturating_sub(1).max(1);
    (0..count).map(|number| 1 + ((steps - 1) * number + last / 2) / last).collect()
}

impl Cell {
    /// The result of a training of `steps` steps, from its losses so far.
    pub fn new(at: Vec<usize>, losses: &[f64], steps: u64) -> Self {
        let made = losses.len() as u64;
        let first = losses.first().copied();
        let normalised: Vec<f64> =
            (0..steps as usize).map(|step| normalised(losses.get(step), first)).collect();
        let tail = &normalised[normalised.len().saturating_sub(TAIL)..];
        let converged = tail.iter().sum::<f64>() < tail.len() as f64;
        let measure: f64 = match converged {
            true => -normalised.iter().sum::<f64>(),
            false => normalised.iter().map(|loss| loss.recip()).sum(),
        };
        let half = losses.iter().zip(1..).find(|(loss, _)| first.is_some_and(|first| **loss <= first / 2.0));
        let kept = |step: u64| losses.get(step as usize - 1).copied().map(short);
        Self {
            at,
            first_loss: first.map(rounded),
            loss: losses.last().copied().filter(|_| made == steps).map(rounded),
            steps: made,
            halved: half.map(|(_, step)| step),
            diverged: (made < steps).then_some(made + 1),
            converged,
            measure: short(measure),
            losses: points(steps).into_iter().map(kept).collect(),
        }
    }
}

/// A loss divided by the first one; the largest normalised loss if there is none.
fn normalised(loss: Option<&f64>, first: Option<f64>) -> f64 {
    match (loss, first) {
        // A first loss of 0 is replaced by the smallest positive number.
        (Some(loss), Some(first)) => (loss / first.max(f64::MIN_POSITIVE)).clamp(LARGEST.recip(), LARGEST),
        _ => LARGEST,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_go_from_the_first_step_to_the_last() {
        for (steps, expected) in
            [(1, vec![1]), (3, vec![1, 2, 3]), (31, (0..16).map(|at| 1 + 2 * at).collect())]
        {
            assert_eq!(points(steps), expected, "{steps} steps");
        }
        let hundred = points(100);
        assert_eq!((hundred.len(), hundred[0], hundred[15]), (16, 1, 100));
    }

    /// By hand: losses as parts of the first, and what the paper's measure makes of them.
    #[test]
    fn the_measure_is_that_of_the_paper() {
        let falling = Cell::new(vec![1, 2], &[4.0, 2.0, 1.0, 1.0], 4);
        assert!(falling.converged);
        assert_eq!((falling.measure, falling.halved, falling.diverged), (-2.0, Some(2), None));
        assert_eq!((falling.first_loss, falling.loss, falling.steps), (Some(4.0), Some(1.0), 4));

        let rising = Cell::new(vec![0, 0], &[1.0, 2.0, 4.0, 8.0], 4);
        assert!(!rising.converged);
        assert_eq!((rising.measure, rising.halved, rising.diverged), (1.875, None, None));

        let burst = Cell::new(vec![0, 0], &[1.0, 2.0], 4);
        assert_eq!((burst.converged, burst.diverged, burst.loss), (false, Some(3), None));
        assert_eq!(burst.measure, 1.5);
        assert_eq!(burst.losses, [Some(1.0), Some(2.0), None, None]);

        let never = Cell::new(vec![0, 0], &[], 4);
        assert_eq!((never.converged, never.diverged, never.first_loss), (false, Some(1), None));
    }

    /// Losses from long ago do not decide whether a training has converged.
    #[test]
    fn only_the_end_decides() {
        let mut losses = vec![1.0; 30];
        losses.extend([0.5; 20]);
        losses[10] = 1e9;
        assert!(Cell::new(vec![0], &losses, 50).converged);
        losses.extend([3.0; 20]);
        assert!(!Cell::new(vec![0], &losses, 70).converged);
    }
}
