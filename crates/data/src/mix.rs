//! Mixture of tasks: a schedule of the task that each training step draws from.
//!
//! The schedule depends on the seed and the number of the step alone, in closed form, so that a run resumed at step n
//! goes on exactly as the uninterrupted one. Tasks take turns as evenly as whole steps allow, rather than by drawing
//! lots: after any number of steps each has had its share to within one step a task.
//!
//! Each task in turn takes its part of the steps that the tasks before it left, by the rule that draws a
//! straight line on a grid (Bresenham 1965): with a share p and a phase u, it has taken floor(m p + u) of
//! the first m. The arithmetic is in whole numbers, exact on every machine.

use any2any_adapter::Seed;

use crate::DataError;

/// Share of one task in the mixture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// Weight of the task, relative to the others.
    pub weight: f64,
    /// Number of batches of one epoch.
    pub batches: usize,
}

/// The batch that one step draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Draw {
    /// The task, as an index into the shares.
    pub task: usize,
    /// The task's epoch, from 0.
    pub epoch: u64,
    /// The batch within that epoch.
    pub batch: usize,
}

/// Schedule of the tasks that the steps draw from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    turns: Vec<Turn>,
    /// The task that takes every step that the others leave.
    last: Turn,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Turn {
    task: usize,
    batches: u64,
    /// The share of the steps that earlier tasks left, in units of 2^-32.
    share: u64,
    /// Below 2^32.
    phase: u64,
}

/// A share of 1.
const ONE: f64 = 4_294_967_296.0;

impl Turn {
    fn taken(&self, of: u64) -> u64 {
        // Below `of + 1`, so it fits again.
        ((u128::from(of) * u128::from(self.share) + u128::from(self.phase)) >> 32) as u64
    }

    fn draw(&self, number: u64) -> Draw {
        Draw { task: self.task, epoch: number / self.batches, batch: (number % self.batches) as usize }
    }
}

impl Schedule {
    /// A schedule of tasks; one of weight 0 is never drawn.
    ///
    /// # Errors
    ///
    /// When no weight is positive, a weight is negative or not finite, or a task that is drawn has no batch.
    pub fn new(shares: &[Share], seed: Seed) -> Result<Self, DataError> {
        let wrong = |reason: String| Err(DataError::Mix { reason });
        for (task, share) in shares.iter().enumerate() {
            if !share.weight.is_finite() || share.weight < 0.0 {
                return wrong(format!("weight {} of task {task} must be 0 or more", share.weight));
            }
            if share.weight > 0.0 && share.batches == 0 {
                return wrong(format!("task {task} has no batch; check its data and its length limits"));
            }
        }
        let mut left: f64 = shares.iter().map(|share| share.weight).sum();
        if left <= 0.0 || !left.is_finite() {
            return wrong("the weights must sum to a positive number".to_owned());
        }
        let mut turns = Vec::new();
        let mut random = seed.random("mix", 0);
        for (task, share) in shares.iter().enumerate().filter(|(_, share)| share.weight > 0.0) {
            let part = (share.weight / left).clamp(0.0, 1.0);
            left -= share.weight;
            let phase = random.next_u64() >> 32;
            turns.push(Turn { task, batches: share.batches as u64, share: (part * ONE) as u64, phase });
        }
        match turns.pop() {
            Some(last) => Ok(Self { turns, last }),
            None => wrong("no task has a weight".to_owned()),
        }
    }

    /// The batch that a step draws; steps count from 0.
    pub fn at(&self, step: u64) -> Draw {
        let mut left = step;
        for turn in &self.turns {
            let taken = turn.taken(left);
            if turn.taken(left.saturating_add(1)) > taken {
                return turn.draw(taken);
            }
            left -= taken;
        }
        self.last.draw(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(shares: &[(f64, usize)], seed: u64) -> Result<Schedule, DataError> {
        let shares: Vec<Share> = shares.iter().map(|&(weight, batches)| Share { weight, batches }).collect();
        Schedule::new(&shares, Seed(seed))
    }

    #[test]
    fn every_task_draws_its_batches_in_order_and_gets_its_share() {
        let mixtures: &[&[(f64, usize)]] = &[
            &[(1.0, 7)],
            &[(1.0, 5), (1.0, 3)],
            &[(0.7, 11), (0.2, 4), (0.1, 9)],
            &[(3.0, 5), (0.0, 0), (1.0, 1), (1e-3, 2)],
            &[(1e9, 4), (1.0, 2)],
        ];
        for shares in mixtures {
            for seed in 0..5 {
                let schedule = schedule(shares, seed).expect("sound");
                let total: f64 = shares.iter().map(|(weight, _)| weight).sum();
                let mut drawn = vec![0_u64; shares.len()];
                for step in 0..20_000_u64 {
                    let draw = schedule.at(step);
                    let count = &mut drawn[draw.task];
                    let batches = shares[draw.task].1 as u64;
                    assert_eq!((draw.epoch, draw.batch as u64), (*count / batches, *count % batches));
                    *count += 1;
                    for (count, (weight, _)) in drawn.iter().zip(*shares) {
                        let due = (step + 1) as f64 * weight / total;
                        assert!(
                            (*count as f64 - due).abs() <= shares.len() as f64,
                            "{shares:?} at step {step}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn the_seed_decides_and_late_steps_are_cheap() {
        let shares = [(0.7, 11), (0.3, 4)];
        let tasks = |seed| {
            let schedule = schedule(&shares, seed).expect("sound");
            (0..200).map(|step| schedule.at(step).task).collect::<Vec<_>>()
        };
        assert_eq!(tasks(1), tasks(1));
        assert!((2..10).any(|seed| tasks(seed) != tasks(1)));
        let late = schedule(&shares, 1).expect("sound").at(u64::MAX / 4);
        assert!(late.epoch > 1_000_000_000 && late.batch < 11);
    }

    #[test]
    fn mixtures_that_cannot_be_drawn_are_refused() {
        for (shares, reason) in [
            (vec![], "sum to a positive number"),
            (vec![(0.0, 3)], "sum to a positive number"),
            (vec![(-1.0, 3)], "must be 0 or more"),
            (vec![(f64::NAN, 3)], "must be 0 or more"),
            (vec![(f64::MAX, 3), (f64::MAX, 3)], "sum to a positive number"),
            (vec![(1.0, 0)], "has no batch"),
        ] {
            let error = schedule(&shares, 1).expect_err("refused").to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
