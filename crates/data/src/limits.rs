//! Limits of length: samples that are too long to train on are counted by reason, never dropped in silence.

use std::fmt;

use crate::batching::Lengths;
use any2any_adapter::grouped;

/// The longest samples to train on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most positions of a source.
    pub source: usize,
    /// The most positions of a target.
    pub target: usize,
}

/// The samples that are kept, and counts of the others by reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Selection {
    /// The samples within the limits, in their order.
    pub kept: Vec<u32>,
    /// Samples of which only the source is too long.
    pub source_too_long: usize,
    /// Samples of which only the target is too long.
    pub target_too_long: usize,
    /// Samples of which both sides are too long.
    pub both_too_long: usize,
}

impl Limits {
    /// Separates the samples within the limits from those that are too long.
    pub fn select(&self, lengths: &[Lengths]) -> Selection {
        let mut selection = Selection::default();
        for (sample, lengths) in (0_u32..).zip(lengths) {
            match (lengths.source as usize > self.source, lengths.target as usize > self.target) {
                (false, false) => selection.kept.push(sample),
                (true, false) => selection.source_too_long += 1,
                (false, true) => selection.target_too_long += 1,
                (true, true) => selection.both_too_long += 1,
            }
        }
        selection
    }
}

impl Selection {
    /// Number of samples that are left out.
    pub fn left_out(&self) -> usize {
        self.source_too_long + self.target_too_long + self.both_too_long
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left_out = self.left_out();
        let all = self.kept.len() + left_out;
        if left_out == 0 {
            return write!(f, "all {} samples are within the limits", grouped(all));
        }
        write!(f, "{} of {} samples are left out as too long: ", grouped(left_out), grouped(all))?;
        let reasons = [
            (self.source_too_long, "source"),
            (self.target_too_long, "target"),
            (self.both_too_long, "both"),
        ];
        let reasons = reasons.iter().filter(|(count, _)| *count > 0);
        let reasons: Vec<String> =
            reasons.map(|(count, side)| format!("{side} {}", grouped(*count))).collect();
        f.write_str(&reasons.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_is_kept_or_counted() {
        let lengths = [(3, 3), (4, 3), (3, 4), (9, 9), (5, 1), (1, 1)];
        let lengths: Vec<Lengths> =
            lengths.iter().map(|&(source, target)| Lengths { source, target }).collect();
        let selection = Limits { source: 3, target: 3 }.select(&lengths);
        assert_eq!(selection.kept, [0, 5]);
        let text = "4 of 6 samples are left out as too long: source 2, target 1, both 1";
        assert_eq!(selection.to_string(), text);
        let selection = Limits { source: 9, target: 9 }.select(&lengths);
        assert_eq!(selection.to_string(), "all 6 samples are within the limits");
    }
}
