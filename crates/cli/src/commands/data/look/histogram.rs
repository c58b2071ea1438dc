//! Histogram of the lengths of sequences, for the terminal and as JSON.

use serde::Serialize;

/// The most bins of a histogram.
const BINS: usize = 12;

/// The width of the longest bar, in characters.
const BAR: usize = 40;

/// Lengths from `from` to `to`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Bin {
    pub from: usize,
    pub to: usize,
    pub samples: usize,
}

/// Lengths in bins of one width.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct Histogram(Vec<Bin>);

impl Histogram {
    /// The histogram of some lengths; without bins if there are none.
    pub(super) fn of(lengths: &[usize]) -> Self {
        let (Some(&least), Some(&most)) = (lengths.iter().min(), lengths.iter().max()) else {
            return Self(Vec::new());
        };
        let width = (most - least + 1).div_ceil(BINS);
        let bins = (least..=most).step_by(width);
        let mut bins: Vec<Bin> =
            bins.map(|from| Bin { from, to: (from + width - 1).min(most), samples: 0 }).collect();
        for length in lengths {
            bins[(length - least) / width].samples += 1;
        }
        Self(bins)
    }

    /// One line a bin: its lengths, a bar, and the number of its samples. A bin that is not empty has a bar.
    pub(super) fn lines(&self) -> Vec<String> {
        let Self(bins) = self;
        let highest = bins.iter().map(|bin| bin.samples).max().unwrap_or(0).max(1);
        let range = |bin: &Bin| match bin.from == bin.to {
            true => bin.from.to_string(),
            false => format!("{} to {}", bin.from, bin.to),
        };
        let width = bins.iter().map(|bin| range(bin).len()).max().unwrap_or(0);
        let line = |bin: &Bin| {
            let bar = "#".repeat((bin.samples * BAR).div_ceil(highest));
            let samples = any2any_adapter::grouped(bin.samples as u64);
            format!("{:>width$}  {bar:<BAR$}  {samples}", range(bin))
        };
        bins.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_is_in_one_bin() {
        for lengths in [vec![], vec![7], vec![3, 3, 9, 4], (0..100).collect(), vec![1, 100_000, 50]] {
            let Histogram(bins) = Histogram::of(&lengths);
            assert_eq!(bins.iter().map(|bin| bin.samples).sum::<usize>(), lengths.len(), "{bins:?}");
            assert!(bins.len() <= BINS, "{bins:?}");
            assert!(bins.windows(2).all(|pair| pair[0].to + 1 == pair[1].from), "{bins:?}");
            for bin in &bins {
                let inside = lengths.iter().filter(|&&length| (bin.from..=bin.to).contains(&length)).count();
                assert_eq!(inside, bin.samples, "{bin:?}");
            }
        }
    }

    #[test]
    fn the_fullest_bin_has_the_longest_bar() {
        let mut lengths = vec![5; 1000];
        lengths.push(6);
        let lines = Histogram::of(&lengths).lines();
        assert_eq!(lines[0], format!("5  {}  1,000", "#".repeat(BAR)));
        assert_eq!(lines[1], format!("6  #{}  1", " ".repeat(BAR - 1)));
    }
}
