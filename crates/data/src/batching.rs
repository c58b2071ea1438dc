//! Batches of samples of similar length, under a budget of tokens.
//!
//! The cost of a batch is its rows times its longest side, padding counted. Sorting by length keeps padding
//! low; sorting alone would show the model the same batches every epoch. So each epoch draws anew where one
//! band of lengths ends and the next begins and where the first batch ends, breaks ties at random, and shuffles
//! the finished batches.
//!
//! Every epoch has as many batches as every other, so that the batch of step n is known without planning the
//! epochs before it.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::Range;

use any2any_adapter::Random;

use any2any_adapter::grouped;

/// The lengths of one sample's sequences, in positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lengths {
    // There is one for every sample in memory.
    pub(crate) source: u32,
    pub(crate) target: u32,
}

impl Lengths {
    /// The lengths of a source, 0 where there is none, and of a target.
    pub fn new(source: usize, target: usize) -> Self {
        let small = |length| u32::try_from(length).unwrap_or(u32::MAX);
        Self { source: small(source), target: small(target) }
    }

    /// Number of positions of the source; 0 when there is none.
    pub fn source(self) -> usize {
        self.source as usize
    }

    /// Number of positions of the target.
    pub fn target(self) -> usize {
        self.target as usize
    }

    /// Number of positions of the longer side, at least 1.
    pub fn longest(self) -> usize {
        self.source.max(self.target).max(1) as usize
    }
}

/// Batches of one epoch: of each, the numbers of its samples.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The samples of all batches, in the order in which they were packed.
    samples: Vec<u32>,
    /// Where each batch stands among them, in the order of the epoch.
    batches: Vec<Range<u32>>,
}

impl Plan {
    /// The number of batches.
    pub fn len(&self) -> usize {
        self.batches.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// The samples of a batch; none where the epoch has fewer batches.
    pub fn batch(&self, number: usize) -> &[u32] {
        self.batches.get(number).map_or(&[], |batch| &self.samples[batch.start as usize..batch.end as usize])
    }

    /// The samples of every batch.
    pub fn batches(&self) -> impl Iterator<Item = &[u32]> {
        (0..self.len()).map(|number| self.batch(number))
    }
}

/// Largest excess of an epoch over the exactly sorted plan, as a share of its batches: room for its random bands.
const SLACK: f64 = 0.02;

/// Width of a band of the longer side, in positions: near 1, so that little is padding, and not 1, so that its
/// bounds fall between other lengths every epoch.
const BAND: f64 = 1.25;

/// The number of batches that [`plan`] makes of these samples, for every epoch.
pub fn batches(lengths: &[Lengths], tokens: usize) -> usize {
    let exact = packed_by_length(lengths, tokens);
    let slack = (exact as f64 * SLACK).ceil() as usize;
    (exact + slack).min(lengths.len())
}

/// The number of batches of samples in order of their longest side, which is all that it depends on.
fn packed_by_length(lengths: &[Lengths], tokens: usize) -> usize {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for lengths in lengths {
        *counts.entry(lengths.longest()).or_default() += 1;
    }
    let (mut batches, mut rows) = (0, 0);
    for (longest, count) in counts {
        let room = tokens / longest;
        let joining = if batches == 0 { 0 } else { count.min(room.saturating_sub(rows)) };
        rows += joining;
        let left = count - joining;
        if left > 0 {
            let full = room.max(1);
            let more = left.div_ceil(full);
            batches += more;
            rows = left - (more - 1) * full;
        }
    }
    batches
}

/// Packs all samples into batches: one epoch.
///
/// Every sample stands in exactly one batch, given as its index. In every batch rows times the longest side is
/// at most `tokens`, but for a batch of a single sample that alone is longer. The same generator gives the
/// same batches.
pub fn plan(lengths: &[Lengths], tokens: usize, random: &mut Random) -> Plan {
    let wanted = batches(lengths, tokens);
    let ties: Vec<u64> = lengths.iter().map(|_| random.next_u64()).collect();
    let phase = random.unit();
    let first = (tokens as f64 * random.unit()) as usize;
    let mut samples = sorted(lengths, phase, &ties);
    let mut batches = pack(lengths, &samples, tokens, first);
    if batches.len() > wanted {
        // Bands that happen to divide badly: exact sorting never needs more than the number wanted.
        samples = sorted(lengths, 0.0, &ties);
        batches = pack(lengths, &samples, tokens, tokens);
    }
    split_largest(&mut batches, wanted);
    random.shuffle(&mut batches);
    Plan { samples, batches }
}

/// The samples in order of length. A phase above 0 sorts by bands of the longer side, and shifts their bounds.
///
/// Samples of a band are sorted by the difference of their sides, up and down in turn, so that neighbours are alike
/// on both sides; those that are alike by their ties. Few lengths are different: samples are put into a group each, and
/// only groups are sorted, since there may be more samples than a sort of all could move in seconds.
fn sorted(lengths: &[Lengths], phase: f64, ties: &[u64]) -> Vec<u32> {
    let group = |lengths: Lengths| {
        let longest = lengths.longest();
        let band = if phase > 0.0 { (longest as f64 / BAND + phase) as usize } else { longest };
        let difference = i64::from(lengths.target) - i64::from(lengths.source);
        (band, if band.is_multiple_of(2) { difference } else { -difference })
    };
    let mut sizes: HashMap<(usize, i64), usize> = HashMap::new();
    for &lengths in lengths {
        *sizes.entry(group(lengths)).or_default() += 1;
    }
    let mut groups: Vec<((usize, i64), usize)> = sizes.into_iter().collect();
    groups.sort_unstable();
    let mut ends: HashMap<(usize, i64), usize> = HashMap::with_capacity(groups.len());
    let mut start = 0;
    for &(group, size) in &groups {
        ends.insert(group, start);
        start += size;
    }
    let mut order = vec![0_u32; lengths.len()];
    for (sample, &lengths) in (0_u32..).zip(lengths) {
        if let Some(end) = ends.get_mut(&group(lengths)) {
            order[*end] = sample;
            *end += 1;
        }
    }
    let mut start = 0;
    let mut tied: Vec<(u64, u32)> = Vec::new();
    for (_, size) in groups {
        let members = &mut order[start..start + size];
        tied.clear();
        tied.extend(members.iter().map(|&sample| (ties[sample as usize], sample)));
        tied.sort_unstable();
        members.iter_mut().zip(&tied).for_each(|(place, &(_, sample))| *place = sample);
        start += size;
    }
    order
}

/// Fills batches in the order given, the first of them to a budget of its own: a smaller one shifts the
/// start of every later batch. Gives the places of each batch in that order.
fn pack(lengths: &[Lengths], order: &[u32], tokens: usize, first: usize) -> Vec<Range<u32>> {
    let mut batches: Vec<Range<u32>> = Vec::new();
    let mut longest = 0;
    for (place, &sample) in (0_u32..).zip(order) {
        let own = lengths[sample as usize].longest();
        let grown = own.max(longest);
        let tokens = if batches.len() == 1 { first } else { tokens };
        match batches.last_mut() {
            Some(batch) if (batch.len() + 1).saturating_mul(grown) <= tokens => {
                batch.end += 1;
                longest = grown;
            }
            _ => {
                batches.push(place..place + 1);
                longest = own;
            }
        }
    }
    batches
}

/// Splits the batches of most rows until there are as many as wanted.
fn split_largest(batches: &mut Vec<Range<u32>>, wanted: usize) {
    while batches.len() < wanted {
        let Some(largest) =
            batches.iter_mut().max_by_key(|batch| batch.len()).filter(|batch| batch.len() > 1)
        else {
            return;
        };
        let middle = largest.start + largest.len() as u32 / 2;
        let half = middle..largest.end;
        largest.end = middle;
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
    pub fn of(lengths: &[Lengths], plan: &Plan) -> Self {
        let mut waste = Self::default();
        for batch in plan.batches() {
            let samples = || batch.iter().map(|&sample| lengths[sample as usize]);
            let widest = |side: fn(Lengths) -> u32| samples().map(side).max().unwrap_or(0) as usize;
            let positions =
                batch.len() * (widest(|lengths| lengths.source) + widest(|lengths| lengths.target));
            let filled = samples().map(|lengths| (lengths.source + lengths.target) as usize).sum::<usize>();
            waste.positions += positions;
            waste.padding += positions - filled;
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
                Lengths::new(source as usize, target as usize)
            })
            .collect()
    }

    fn epoch(lengths: &[Lengths], tokens: usize, epoch: u64) -> Plan {
        plan(lengths, tokens, &mut Seed(1).random("batches", epoch))
    }

    #[test]
    fn every_sample_once_under_the_budget_in_as_many_batches_every_epoch() {
        let fixed = |source, target, samples| vec![Lengths::new(source, target); samples];
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
                let mut seen: Vec<u32> = plan.batches().flatten().copied().collect();
                seen.sort_unstable();
                assert!(seen.into_iter().eq(0..lengths.len() as u32), "epoch {number}");
                for batch in plan.batches() {
                    let longest = batch.iter().map(|&sample| lengths[sample as usize].longest()).max();
                    let longest = longest.expect("not empty");
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
    fn batches_are_counted_without_packing() {
        for (samples, tokens) in [(0, 10), (1, 1), (500, 7), (500, 64), (3000, 4096)] {
            let lengths = realistic(samples);
            let order = sorted(&lengths, 0.0, &vec![0; samples]);
            assert!(order.is_sorted_by_key(|&sample| lengths[sample as usize].longest()));
            assert_eq!(packed_by_length(&lengths, tokens), pack(&lengths, &order, tokens, tokens).len());
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
        let batch_of = |plan: &Plan| {
            let mut batches = vec![0; lengths.len()];
            for (number, batch) in plan.batches().enumerate() {
                for &sample in batch {
                    batches[sample as usize] = number;
                }
            }
            batches
        };
        // Of two samples of one batch, how many meet again in the next epoch?
        let (mut met, mut all) = (0_u32, 0_u32);
        for number in 0..6 {
            let next = batch_of(&epoch(&lengths, 4096, number + 1));
            for batch in epoch(&lengths, 4096, number).batches() {
                let mut batch = batch.to_vec();
                Seed(2).random("pairs", number).shuffle(&mut batch);
                for pair in batch.windows(2) {
                    all += 1;
                    met += u32::from(next[pair[0] as usize] == next[pair[1] as usize]);
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
        let both = Plan { samples: vec![0, 1], batches: std::iter::once(0..2).collect() };
        let waste = Waste::of(&lengths, &both);
        assert_eq!((waste.positions, waste.padding), (18, 6));
        assert_eq!(waste.to_string(), "33.3 % of 18 positions are padding");
        assert_eq!(Waste::of(&lengths, &Plan::default()).share(), 0.0);
    }
}
