//! Training of byte pair encoding (Sennrich, Haddow and Birch, "Neural Machine Translation of Rare Words with
//! Subword Units", 2016).
//!
//! Starting from characters, the most frequent pair of neighbours becomes a new piece until the vocabulary
//! is full. Of equally frequent pairs the one with the lower numbers wins, so nothing depends on the order
//! of a hash map. Pieces of WordPiece are found in the same way; there a piece that does not start its word
//! carries a prefix.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};

/// Pieces, and the pairs that make them, in the order in which they were found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Merges {
    /// The alphabet, then a piece a merge, each once.
    pub(crate) pieces: Vec<String>,
    /// Number of pieces in the alphabet.
    pub(crate) alphabet: usize,
    /// The two parts of each merge.
    pub(crate) merges: Vec<(String, String)>,
    /// How often each merge was made.
    pub(crate) counts: Vec<u64>,
}

type Pair = (u32, u32);

/// Learns at most `size` pieces from words and their counts.
///
/// The alphabet is always kept, so that the result has more than `size` pieces when the alphabet does.
pub(crate) fn learn(words: &[(String, u64)], size: usize, min_frequency: u64, prefix: &str) -> Merges {
    let spell = |word: &str| -> Vec<String> {
        word.chars()
            .enumerate()
            .map(|(index, c)| if index == 0 { c.to_string() } else { format!("{prefix}{c}") })
            .collect()
    };
    let words = words.iter().map(|(word, count)| (spell(word), *count)).collect();
    finished(Trainer::new(words, prefix, &|_, _| true), size, min_frequency)
}

/// Goes on learning on words in parts: at most `most` pieces of neighbours that may be joined.
pub(crate) fn learn_on(
    words: Vec<(Vec<String>, u64)>,
    prefix: &str,
    most: usize,
    min_frequency: u64,
    joins: &dyn Fn(&str, &str) -> bool,
) -> Merges {
    let trainer = Trainer::new(words, prefix, joins);
    let size = trainer.pieces.len() + most;
    finished(trainer, size, min_frequency)
}

fn finished(mut trainer: Trainer<'_>, size: usize, min_frequency: u64) -> Merges {
    let alphabet = trainer.pieces.len();
    let (mut merges, mut counts) = (Vec::new(), Vec::new());
    while trainer.pieces.len() < size {
        let Some((pair, count)) = trainer.most_frequent(min_frequency) else {
            break;
        };
        merges.push((trainer.pieces[pair.0 as usize].clone(), trainer.pieces[pair.1 as usize].clone()));
        counts.push(count);
        trainer.merge(pair);
    }
    Merges { pieces: trainer.pieces, alphabet, merges, counts }
}

struct Trainer<'a> {
    prefix: &'a str,
    /// True for neighbours that may be joined.
    joins: &'a dyn Fn(&str, &str) -> bool,
    pieces: Vec<String>,
    numbers: HashMap<String, u32>,
    words: Vec<(Vec<u32>, u64)>,
    counts: HashMap<Pair, u64>,
    /// The words in which a pair occurs or once did.
    places: HashMap<Pair, BTreeSet<u32>>,
    /// Pairs by their count at the time they were put in: at least as high as now.
    queue: BinaryHeap<(u64, Reverse<Pair>)>,
}

impl<'a> Trainer<'a> {
    fn new(words: Vec<(Vec<String>, u64)>, prefix: &'a str, joins: &'a dyn Fn(&str, &str) -> bool) -> Self {
        let pieces: Vec<String> =
            words.iter().flat_map(|(word, _)| word).collect::<BTreeSet<_>>().into_iter().cloned().collect();
        let numbers: HashMap<String, u32> = pieces.iter().cloned().zip(0..).collect();
        let words: Vec<(Vec<u32>, u64)> = words
            .iter()
            .map(|(word, count)| (word.iter().map(|piece| numbers[piece]).collect(), *count))
            .collect();
        let mut trainer = Self {
            prefix,
            joins,
            pieces,
            numbers,
            words,
            counts: HashMap::new(),
            places: HashMap::new(),
            queue: BinaryHeap::new(),
        };
        for (index, (pieces, count)) in (0..).zip(&trainer.words) {
            for pair in pairs(pieces) {
                if !(trainer.joins)(&trainer.pieces[pair.0 as usize], &trainer.pieces[pair.1 as usize]) {
                    continue;
                }
                *trainer.counts.entry(pair).or_default() += count;
                trainer.places.entry(pair).or_default().insert(index);
            }
        }
        trainer.queue = trainer.counts.iter().map(|(pair, count)| (*count, Reverse(*pair))).collect();
        trainer
    }

    /// The most frequent pair and its count; none when none is frequent enough.
    fn most_frequent(&mut self, min_frequency: u64) -> Option<(Pair, u64)> {
        while let Some((count, Reverse(pair))) = self.queue.pop() {
            let now = self.counts.get(&pair).copied().unwrap_or(0);
            if now == count {
                return (count >= min_frequency.max(1)).then_some((pair, count));
            }
            if now > 0 {
                self.queue.push((now, Reverse(pair)));
            }
        }
        None
    }

    fn merge(&mut self, pair: Pair) {
        let new = self.number_of(pair);
        let mut grown = BTreeSet::new();
        for index in self.places.remove(&pair).unwrap_or_default() {
            let (pieces, count) = &mut self.words[index as usize];
            let merged = replace(pieces, pair, new);
            if merged.len() == pieces.len() {
                continue;
            }
            for old in pairs(pieces) {
                if let Some(total) = self.counts.get_mut(&old) {
                    *total = total.saturating_sub(*count);
                }
            }
            for next in pairs(&merged) {
                if !(self.joins)(&self.pieces[next.0 as usize], &self.pieces[next.1 as usize]) {
                    continue;
                }
                *self.counts.entry(next).or_default() += *count;
                if next.0 == new || next.1 == new {
                    self.places.entry(next).or_default().insert(index);
                    grown.insert(next);
                }
            }
            *pieces = merged;
        }
        // A pair that overlapped itself (`aaa`) may be left over; it can only have become rarer.
        for pair in grown {
            self.queue.push((self.counts[&pair], Reverse(pair)));
        }
        self.counts.remove(&pair);
    }

    /// The number of the piece that a pair makes; two pairs can make the same piece.
    fn number_of(&mut self, (left, right): Pair) -> u32 {
        let right = &self.pieces[right as usize];
        let piece =
            format!("{}{}", self.pieces[left as usize], right.strip_prefix(self.prefix).unwrap_or(right));
        if let Some(number) = self.numbers.get(&piece) {
            return *number;
        }
        let number = self.pieces.len() as u32;
        self.pieces.push(piece.clone());
        self.numbers.insert(piece, number);
        number
    }
}

fn pairs(pieces: &[u32]) -> impl Iterator<Item = Pair> {
    pieces.windows(2).map(|pair| (pair[0], pair[1]))
}

fn replace(pieces: &[u32], pair: Pair, new: u32) -> Vec<u32> {
    let mut merged = Vec::with_capacity(pieces.len());
    let mut at = 0;
    while at < pieces.len() {
        if at + 1 < pieces.len() && (pieces[at], pieces[at + 1]) == pair {
            merged.push(new);
            at += 2;
        } else {
            merged.push(pieces[at]);
            at += 1;
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use any2any_adapter::Seed;

    use super::*;

    fn words(counts: &[(&str, u64)]) -> Vec<(String, u64)> {
        let mut words: Vec<_> = counts.iter().map(|(word, count)| ((*word).to_owned(), *count)).collect();
        words.sort();
        words
    }

    #[test]
    fn merges_by_hand() {
        // es: 9 times, then est: 9 (es and st tie, and e is before s), then lo: 7, low: 7. With a prefix ow
        // goes before lo, for the pieces with the prefix are the first of the alphabet.
        let counts = words(&[("low", 5), ("lower", 2), ("newest", 6), ("widest", 3)]);
        for (min_frequency, size, prefix, expected) in [
            (1, 14, "", vec!["e+s", "es+t", "l+o", "lo+w"]),
            (8, 99, "", vec!["e+s", "es+t"]),
            (1, 0, "", vec![]),
            (7, 99, "##", vec!["##e+##s", "##es+##t", "##o+##w", "l+##ow"]),
        ] {
            let found = learn(&counts, size, min_frequency, prefix);
            let merges: Vec<_> = found.merges.iter().map(|(a, b)| format!("{a}+{b}")).collect();
            assert_eq!(merges, expected);
            assert_eq!(found.pieces.len(), found.alphabet + merges.len());
        }
        let found = learn(&words(&[("aaaa", 3)]), 99, 1, "");
        assert_eq!(found.pieces, ["a", "aa", "aaaa"]);
    }

    /// Merges learned by the definition: every pair is counted anew for every merge.
    fn learn_slowly(words: &[(String, u64)], size: usize, min_frequency: u64) -> Vec<String> {
        let mut pieces: Vec<String> = words
            .iter()
            .flat_map(|(word, _)| word.chars().map(String::from))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let number = |pieces: &[String], piece: &str| pieces.iter().position(|known| known == piece);
        let mut spelled: Vec<(Vec<u32>, u64)> = words
            .iter()
            .map(|(word, count)| {
                let spell = |c: char| number(&pieces, &c.to_string()).expect("in the alphabet") as u32;
                (word.chars().map(spell).collect(), *count)
            })
            .collect();
        while pieces.len() < size {
            let mut counts: BTreeMap<Pair, u64> = BTreeMap::new();
            for (word, count) in &spelled {
                for pair in pairs(word) {
                    *counts.entry(pair).or_default() += count;
                }
            }
            let best = counts.iter().max_by_key(|(pair, count)| (**count, Reverse(**pair)));
            let Some((pair, _)) = best.filter(|(_, count)| **count >= min_frequency) else {
                break;
            };
            let piece = format!("{}{}", pieces[pair.0 as usize], pieces[pair.1 as usize]);
            let new = number(&pieces, &piece).unwrap_or_else(|| {
                pieces.push(piece);
                pieces.len() - 1
            });
            for (word, _) in &mut spelled {
                *word = replace(word, *pair, new as u32);
            }
        }
        pieces
    }

    #[test]
    fn the_queue_gives_what_counting_anew_gives() {
        let mut random = Seed(3).random("bpe", 0);
        for _ in 0..60 {
            let mut counts = BTreeMap::new();
            for _ in 0..40 {
                let word: String = (0..=random.below(9)).map(|_| ['a', 'b', 'c'][random.below(3)]).collect();
                *counts.entry(word).or_insert(0) += 1 + random.below(4) as u64;
            }
            let counts: Vec<(String, u64)> = counts.into_iter().collect();
            for (size, min_frequency) in [(20, 1), (500, 2)] {
                let expected = learn_slowly(&counts, size, min_frequency);
                assert_eq!(learn(&counts, size, min_frequency, "").pieces, expected, "{counts:?}");
            }
        }
    }
}
