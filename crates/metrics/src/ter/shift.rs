//! The search for shifts: phrases of the hypothesis are moved, one at a time and each for one edit, as long
//! as that saves more than it costs.
//!
//! The shifts that are tried, their order, and the choice among equally good ones follow sacreBLEU, whose choices
//! follow Tercom; the limits are theirs too.

use super::distance::{Alignment, Table};

const LONGEST_PHRASE: usize = 10;
const FARTHEST_SHIFT: usize = 50;
/// Largest number of shifts that are tried for one pair of lines; the best until then counts.
const MOST_CANDIDATES: usize = 1000;

/// The edits, shifts included, that turn a hypothesis into its reference.
pub(super) fn edits(hypothesis: &[u32], reference: &[u32]) -> usize {
    if reference.is_empty() {
        return hypothesis.len();
    }
    let mut words = hypothesis.to_vec();
    let mut table = Table::new(&words, reference);
    let (mut shifts, mut candidates) = (0, 0);
    loop {
        let best = best_shift(&words, reference, &table, &mut candidates);
        if candidates >= MOST_CANDIDATES {
            break;
        }
        match best {
            Some(shift) if shift.gain > 0 => {
                words = shift.phrase.moved(&words, shift.target);
                table.update(&words);
                shifts += 1;
            }
            _ => break,
        }
    }
    shifts + table.cost() as usize
}

/// Words that hypothesis and reference have in common, at different places.
#[derive(Clone, Copy)]
struct Phrase {
    start: usize,
    in_reference: usize,
    length: usize,
}

#[derive(Clone, Copy)]
struct Shift {
    gain: i64,
    phrase: Phrase,
    target: usize,
}

impl Shift {
    /// The most gained edits, then the longest phrase, the earliest phrase, the earliest target.
    fn is_better_than(&self, other: &Shift) -> bool {
        let rank = |shift: &Shift| {
            (
                shift.gain,
                shift.phrase.length,
                std::cmp::Reverse(shift.phrase.start),
                std::cmp::Reverse(shift.target),
            )
        };
        rank(self) > rank(other)
    }
}

fn best_shift(words: &[u32], reference: &[u32], table: &Table<'_>, candidates: &mut usize) -> Option<Shift> {
    let alignment = table.alignment();
    let before = i64::from(table.cost());
    let mut best: Option<Shift> = None;
    for phrase in phrases(words, reference).filter(|phrase| phrase.is_misplaced(&alignment)) {
        let mut previous = None;
        for target in phrase.targets(&alignment) {
            if previous == Some(target) {
                continue;
            }
            previous = Some(target);
            let shifted = phrase.moved(words, target);
            let gain = before - i64::from(table.cost_of(&shifted, phrase.start.min(target)));
            *candidates += 1;
            let shift = Shift { gain, phrase, target };
            if best.as_ref().is_none_or(|best| shift.is_better_than(best)) {
                best = Some(shift);
            }
        }
        if *candidates >= MOST_CANDIDATES {
            break;
        }
    }
    best
}

/// All phrases, by their start in the hypothesis, then in the reference, then by length.
fn phrases<'a>(words: &'a [u32], reference: &'a [u32]) -> impl Iterator<Item = Phrase> + 'a {
    (0..words.len()).flat_map(move |start| {
        let near = start.saturating_sub(FARTHEST_SHIFT)..reference.len().min(start + FARTHEST_SHIFT + 1);
        near.flat_map(move |in_reference| {
            let pairs = words[start..].iter().zip(&reference[in_reference..]);
            let longest = pairs.take(LONGEST_PHRASE).take_while(|(a, b)| a == b).count();
            (1..=longest).map(move |length| Phrase { start, in_reference, length })
        })
    })
}

impl Phrase {
    /// True if the phrase is wrong at its place, missing at its target, and would move at all.
    fn is_misplaced(&self, alignment: &Alignment) -> bool {
        let any = |errors: &[bool], start: usize| errors[start..start + self.length].contains(&true);
        let aligned = alignment.upto[self.in_reference];
        any(&alignment.hypothesis_errors, self.start)
            && any(&alignment.reference_errors, self.in_reference)
            && !(self.start < aligned && aligned <= self.start + self.length)
    }

    /// The words of the hypothesis before which the phrase may go: behind the word that is aligned to the word before
    /// the phrase in the reference, and behind each word of the phrase.
    fn targets<'a>(&self, alignment: &'a Alignment) -> impl Iterator<Item = usize> + 'a {
        let before = match self.in_reference {
            0 => 0,
            start => alignment.upto[start - 1],
        };
        let within = &alignment.upto[self.in_reference..self.in_reference + self.length];
        std::iter::once(before).chain(within.iter().copied())
    }

    /// The words with the phrase moved before the present word `target`. A target inside the phrase moves it by as
    /// many words as the target lies behind its start.
    fn moved(&self, words: &[u32], target: usize) -> Vec<u32> {
        let Self { start, length, .. } = *self;
        let phrase = &words[start..start + length];
        let parts = if target < start {
            [&words[..target], phrase, &words[target..start], &words[start + length..]]
        } else {
            let end = if target > start + length { target } else { words.len().min(length + target) };
            [&words[..start], &words[start + length..end], phrase, &words[end..]]
        };
        parts.concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_with_shifts() {
        let cases: [(&[u32], &[u32], usize); 6] = [
            (&[1, 2, 3], &[1, 2, 3], 0),
            (&[3, 4, 1, 2], &[1, 2, 3, 4], 1),
            (&[4, 3, 2, 1], &[1, 2, 3, 4], 3),
            (&[1, 2], &[], 2),
            (&[], &[1, 2], 2),
            (&[5, 6, 7, 1, 2, 3, 4, 8], &[1, 2, 3, 4, 5, 6, 7, 8], 1),
        ];
        for (hypothesis, reference, expected) in cases {
            assert_eq!(edits(hypothesis, reference), expected, "{hypothesis:?} {reference:?}");
        }
    }

    #[test]
    fn a_phrase_moves_and_nothing_is_lost() {
        let words: Vec<u32> = (0..6).collect();
        let phrase = Phrase { start: 2, in_reference: 0, length: 2 };
        let cases = [
            (0, [2, 3, 0, 1, 4, 5]),
            (1, [0, 2, 3, 1, 4, 5]),
            (3, [0, 1, 4, 2, 3, 5]),
            (5, [0, 1, 4, 2, 3, 5]),
            (6, [0, 1, 4, 5, 2, 3]),
        ];
        for (target, expected) in cases {
            assert_eq!(phrase.moved(&words, target), expected, "{target}");
        }
    }
}
