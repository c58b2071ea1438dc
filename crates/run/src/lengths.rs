//! Length limits of outputs: the one rule, which search, the server and its page follow.

use any2any_adapter::Stem;
use any2any_experiment::spec::Decoding;

/// Length limits of an output in tokens, the end token excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputLengths {
    /// The fewest tokens.
    pub least: usize,
    /// The most tokens.
    pub most: usize,
}

impl OutputLengths {
    /// The limits of `decoding`. Without a longest length in it, that of the medium (`known`) counts, or else the
    /// default for a source of so many positions, after a prefix of so many tokens.
    pub(crate) fn of(
        decoding: &Decoding,
        known: Option<usize>,
        source: Option<usize>,
        prefix: usize,
    ) -> Self {
        let usual = source.map_or(0, |source| 2 * source + 20).max(prefix + 20);
        let least = decoding.min_length;
        let most = decoding.max_length.unwrap_or_else(|| known.unwrap_or(usual).max(least));
        Self { least, most }
    }
}

/// Number of labels for a source of `length` positions: as many as the encoder sees, except the end of a sequence of
/// tokens.
pub(crate) fn labels(stem: &Stem, length: usize) -> usize {
    match stem {
        Stem::Lookup { .. } => length.saturating_sub(1),
        stem => stem.positions(length),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_output_is_what_is_asked_for_known_or_usual() {
        let decoding = |min_length, max_length| Decoding { min_length, max_length, ..Decoding::default() };
        for (least, most, known, source, prefix, expected) in [
            (0, None, None, Some(10), 0, 40),
            (0, None, None, Some(0), 0, 20),
            (0, None, None, None, 0, 20),
            (0, None, None, None, 7, 27),
            (0, None, None, Some(3), 30, 50),
            (0, None, Some(49), Some(10), 0, 49),
            (0, Some(5), Some(49), Some(10), 0, 5),
            (0, Some(60), Some(49), Some(10), 0, 60),
            (100, None, None, Some(10), 0, 100),
            (60, None, Some(49), Some(10), 0, 60),
            (5, Some(5), None, Some(10), 0, 5),
        ] {
            let decoding = decoding(least, most);
            let lengths = OutputLengths::of(&decoding, known, source, prefix);
            assert_eq!(
                lengths,
                OutputLengths { least, most: expected },
                "{decoding:?} {known:?} {source:?} {prefix}"
            );
        }
    }
}
