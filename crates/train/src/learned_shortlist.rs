//! Lexical shortlists that are learned from pairs, for models that come without one.

use std::collections::BTreeSet;

use any2any_run::Shortlist;

use crate::lexicon::Lexicon;

/// How a shortlist is learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShortlistOptions {
    /// The number of the most frequent target tokens, which may be written for every source.
    pub frequent: usize,
    /// The number of the most probable translations of a source token, which may be written for sources that have it.
    pub best: usize,
    /// The iterations of expectation maximisation.
    pub iterations: usize,
}

impl Default for ShortlistOptions {
    fn default() -> Self {
        Self { frequent: 100, best: 100, iterations: 5 }
    }
}

/// Learns the shortlist of pairs of source and target tokens; the target's `end` may always be written.
///
/// Frequent tokens stand in the lists of those tokens with which sources end: a file of Marian's has no other place for them
/// where they are not the first of the vocabulary.
///
/// # Panics
///
/// When a pair has a source token beyond the vocabulary.
pub fn learn_shortlist(
    pairs: &[(&[u32], &[u32])],
    source_vocabulary: usize,
    end: u32,
    options: ShortlistOptions,
) -> Shortlist {
    let lexicon = Lexicon::learn(pairs, source_vocabulary, options.iterations);
    let ends: BTreeSet<u32> = pairs.iter().filter_map(|(source, _)| source.last().copied()).collect();
    let frequent = frequent(pairs, end, options.frequent);
    let list = |source: u32| {
        let best = lexicon.best(source, options.best);
        let mut list: Vec<u32> = best.into_iter().map(|(target, _)| target).collect();
        if ends.contains(&source) {
            list.extend(&frequent);
        }
        list.sort_unstable();
        list.dedup();
        list
    };
    Shortlist::of_lists(&(0..source_vocabulary as u32).map(list).collect::<Vec<_>>())
}

/// The end, and the most frequent of all target tokens.
fn frequent(pairs: &[(&[u32], &[u32])], end: u32, count: usize) -> Vec<u32> {
    let highest = pairs.iter().flat_map(|(_, target)| *target).copied().max().unwrap_or(0);
    let mut counts = vec![0_u64; highest as usize + 1];
    pairs.iter().flat_map(|(_, target)| *target).for_each(|&token| counts[token as usize] += 1);
    let mut tokens: Vec<u32> = (0..=highest).filter(|&token| counts[token as usize] > 0).collect();
    // Of equally many, the first of the vocabulary.
    tokens.sort_by_key(|&token| std::cmp::Reverse(counts[token as usize]));
    tokens.truncate(count);
    tokens.push(end);
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sources end with 0, targets too.
    const PAIRS: [(&[u32], &[u32]); 4] =
        [(&[1, 2, 0], &[1, 2, 0]), (&[1, 3, 0], &[1, 3, 0]), (&[4, 3, 0], &[4, 3, 0]), (&[4, 0], &[4, 0])];

    #[test]
    fn lists_have_translations_and_what_is_frequent() {
        let options = ShortlistOptions { frequent: 2, best: 1, iterations: 20 };
        let shortlist = learn_shortlist(&PAIRS, 6, 0, options);
        assert_eq!(shortlist.sources(), 6);
        // The end is the most frequent, 1 the first of those that are there twice.
        assert_eq!(shortlist.list(0), [0, 1]);
        for (source, list) in [(1, &[1][..]), (2, &[2]), (3, &[3]), (4, &[4]), (5, &[])] {
            assert_eq!(shortlist.list(source), list, "{source}");
        }
        // It may be written where nothing else is frequent enough.
        let shortlist = learn_shortlist(&PAIRS, 6, 9, ShortlistOptions { frequent: 0, best: 0, ..options });
        assert_eq!(shortlist.highest(), Some(9));
    }
}
