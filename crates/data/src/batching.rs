//! Batches of samples of similar length, under a budget of tokens.
//!
//! The cost of a batch is its rows times its longest side, padding counted. Sorting by length keeps padding
//! low; sorting alone would show the model the same batches every epoch. So each epoch draws anew where one
//! band of lengths ends and the next begins and where the first batch ends, breaks ties at random, and shuffles
//! the finished batches.
//!
//! Every epoch has as many batches as every other, so that the batch of step n is known without planning the
//! epochs before it.

use std::fmt;

use any2any_adapter::Random;

use any2any_adapter::grouped;

/// The lengths of one sample's sequences, in positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lengths {
    /// Number of positions of the source; 0 when there is none.
    pub source: usize,
    /// Number of positions of the target.
    pub target: usize,
}

impl Lengths {
    fn longest(self) -> usize {
        self.source.max(self.target).max(1)
    }
}

/// Largest excess of an epoch over the exactly sorted plan, as a share of its batches: room for its random bands.
const SLACK: f64 = 0.02;

/// Width of a band of the longer side, in positions: near 1, so that little is padding, and not 1, so that its
/// bounds fall between other lengths every epoch.
const BAND: f64 = 1.25;

/// The number of batches that [`plan`] makes of these samples, for every epoch.
pub fn batches(lengths: &[Lengths], tokens: usize) -> usize {
    let exact = pack(lengths, &sorted(lengths, 0.0, &vec![0; lengths.len()]), tokens, tokens).len();
    let slack = (exact as f64 * SLACK).ceil() as usize;
    (exact + slack).min(lengths.len())
}

/// Packs all samples into batches: one epoch.
///
/// Every sample stands in exactly one batch, given as its index. In every batch rows times the longest side is
/// at most `tokens`, but for a batch of a single sample that alone is longer. The same generator gives the
/// same batches.
pub fn plan(lengths: &[Lengths], tokens: usize, random: &mut Random) -> Vec<Vec<usize>> {
    let wanted = batches(lengths, tokens);
    let ties: Vec<u64> = lengths.iter().map(|_| random.next_u64()).collect();
    let phase = random.unit();
    let first = (tokens as f64 * random.unit()) as usize;
    let banded = pack(lengths, &sorted(lengths, phase, &ties), tokens, first);
    let mut batches = if banded.len() <= wanted {
        banded
    } else {
        // Bands that happen to divide badly: exact sorting never needs more than the number wanted.
        pack(lengths, &sorted(lengths, 0.0, &ties), tokens, tokens)
    };
    split_largest(&mut batches, wanted);
    random.shuffle(&mut batches);
    batches
}

/// The samples in order of length. A phase above 0 sorts by bands of the longer side, and shifts their bounds.
///
/// Samples of a band are sorted by the difference of their sides, up and down in turn, so that neighbours are alike
/// on both sides.
fn sorted(lengths: &[Lengths], phase: f64, ties: &[u64]) -> Vec<usize> {
    let key = |sample: usize| {
        let Lengths { source, target } = lengths[sample];
        let longest = lengths[sample].longest();
        let band = if phase > 0.0 { (longest as f64 / BAND + phase) as usize } else { longest };
        let difference = target as i64 - source as i64;
        (band, if band.is_multiple_of(2) { difference } else { -difference }, ties[sample], sample)
    };
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_cached_key(|&sample| key(sample));
    order
}

/// Fills batches in the order given, the first of them to a budget of its own: a smaller one shifts the
/// start of every later batch.
fn pack(lengths: &[Lengths], order: &[usize], tokens: usize, first: usize) -> Vec<Vec<usize>> {
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let mut longest = 0;
    for &sample in order {
        let grown = lengths[sample].longest().max(longest);
        let tokens = if batches.len() == 1 { first } else { tokens };
        match batches.last_mut() {
            Some(batch) if (batch.len() + 1).saturating_mul(grown) <= tokens => {
                batch.push(sample);
                longest = grown;
            }
            _ => {
                batches.push(vec![sample]);
                longest = lengths[sample].longest();
            }
        }
    }
    batches
}

/// Splits the batches of most rows until there are as many as wanted.
fn split_largest(batches: &mut Vec<Vec<usize>>, wanted: usize) {
    while batches.len() < wanted {
        let Some(largest) =
            batches.iter_mut().max_by_key(|batch| batch.len()).filter(|batch| batch.len() > 1)
        else {
            return;
        };
        let half = largest.split_off(largest.len() / 2);
        batches.push(half);
    }
}

/// Padding of a plan, in positions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Waste {
    /// Number of all positions, sources and targets, padding counted.
    pub positions: usize,
    /// Number of positions that are padding.
    pub padding: usize,
}

impl Waste {
    /// The waste of a plan.
    pub fn of(lengths: &[Lengths], plan: &[Vec<usize>]) -> Self {
        let mut waste = Self::default();
        for batch in plan {
            let samples = || batch.iter().map(|&sample| lengths[sample]);
            let widest = |side: fn(Lengths) -> usize| samples().map(side).max().unwrap_or(0);
            let positions =
                batch.len() * (widest(|lengths| lengths.source) + widest(|lengths| lengths.target));
            waste.positions += positions;
            waste.padding +=
                positions - samples().map(|lengths| lengths.source + lengths.target).sum::<usize>();
        }
        waste
    }

    /// Padding as a share of all positions.
    pub fn share(&self) -> f64 {
        if self.positions == 0 { 0.0 } else { self.padding as f64 / self.positions as f64 }
    }
}

impl fmt::Display for Waste {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} % of {} positions are padding", 100.0 * self.share(), grouped(self.positions))
    }
}

#[cfg(test)]
mod tests {
    use any2any_adapter::Seed;

    use super::*;

    /// Lengths as translations have them: log-normal around 14, the target near the source.
    fn realistic(samples: usize) -> Vec<Lengths> {
        let mut random = Seed(5).random("lengths", 0);
        let mut length =
            |mean: f64, spread: f64| (mean.ln() + spread * random.normal()).exp().round().max(1.0);
        (0..samples)
            .map(|_| {
                let source = length(14.0, 0.4);
                let target = length(source, 0.15);
                Lengths { source: source as usize, target: target as usize }
            })
            .collect()
    }

    fn epoch(lengths: &[Lengths], tokens: usize, epoch: u64) -> Vec<Vec<usize>> {
        plan(lengths, tokens, &mut Seed(1).random("batches", epoch))
    }

    #[test]
    fn every_sample_once_under_the_budget_in_as_many_batches_every_epoch() {
        let fixed = |source, target, samples| vec![Lengths { source, target }; samples];
        let cases = [
            (realistic(5000), 4096),
            (realistic(5000), 64),
            (realistic(300), 4096),
            (realistic(7), 20),
            (fixed(10, 12, 1000), 120),
            (fixed(0, 0, 10), 3),
            (fixed(500, 3, 10), 100),
            (Vec::new(), 100),
        ];
        for (lengths, tokens) in &cases {
            for number in 0..12 {
                let plan = epoch(lengths, *tokens, number);
                assert_eq!(plan.len(), batches(lengths, *tokens), "epoch {number}");
                let mut seen: Vec<usize> = plan.concat();
                seen.sort_unstable();
                assert!(seen.into_iter().eq(0..lengths.len()), "epoch {number}");
                for batch in &plan {
                    let longest =
                        batch.iter().map(|&sample| lengths[sample].longest()).max().expect("not empty");
                    assert!(
                        batch.len() == 1 || batch.len() * longest <= *tokens,
                        "{} x {longest}",
                        batch.len()
                    );
                }
            }
        }
    }

    #[test]
    fn little_is_padding_and_the_batches_are_full() {
        let lengths = realistic(29_000);
        for number in 0..5 {
            let plan = epoch(&lengths, 4096, number);
            let waste = Waste::of(&lengths, &plan);
            assert!(waste.share() < 0.05, "{waste}");
            let longer: usize = lengths.iter().map(|lengths| lengths.longest()).sum();
            let filled = longer as f64 / (plan.len() * 4096) as f64;
            assert!(filled > 0.9, "batches are filled to {filled}");
        }
    }

    #[test]
    fn who_meets_whom_changes_from_epoch_to_epoch() {
        let lengths = realistic(29_000);
        let batch_of = |plan: &[Vec<usize>]| {
            let mut batches = vec![0; lengths.len()];
            for (number, batch) in plan.iter().enumerate() {
                for &sample in batch {
                    batches[sample] = number;
                }
            }
            batches
        };
        // Of two samples of one batch, how many meet again in the next epoch?
        let (mut met, mut all) = (0_u32, 0_u32);
        for number in 0..6 {
            let next = batch_of(&epoch(&lengths, 4096, number + 1));
            for mut batch in epoch(&lengths, 4096, number) {
                Seed(2).random("pairs", number).shuffle(&mut batch);
                for pair in batch.windows(2) {
                    all += 1;
                    met += u32::from(next[pair[0]] == next[pair[1]]);
                }
            }
        }
        let share = f64::from(met) / f64::from(all);
        assert!(share < 0.5, "{share} of pairs meet again");
    }

    #[test]
    fn the_same_generator_gives_the_same_plan() {
        let lengths = realistic(2000);
        assert_eq!(epoch(&lengths, 1000, 3), epoch(&lengths, 1000, 3));
        assert_ne!(epoch(&lengths, 1000, 3), epoch(&lengths, 1000, 4));
    }

    #[test]
    fn waste_counts_both_sides() {
        let lengths = [(2, 5), (4, 1)].map(|(source, target)| Lengths { source, target });
        let waste = Waste::of(&lengths, &[vec![0, 1]]);
        assert_eq!((waste.positions, waste.padding), (18, 6));
        assert_eq!(waste.to_string(), "33.3 % of 18 positions are padding");
        assert_eq!(Waste::of(&lengths, &[]).share(), 0.0);
    }
}
