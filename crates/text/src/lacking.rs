//! Pieces that a known tokenizer lacks for new texts.
//!
//! Learning goes on where the tokenizer's own training ended: words are cut as it cuts them, with single characters in the
//! place of what it does not know, and the most frequent neighbours of which one is new become a piece (as in byte pair
//! encoding, Sennrich et al. 2016). So a text without unknown characters is cut as before, and keeps its embeddings.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;

use regex::Regex;

use crate::bpe;

/// The count from which on neighbours become a piece: one that is rarer has an embedding that hardly learns.
pub(crate) const FREQUENT: u64 = 10;
/// The most pieces that are made of neighbours.
const MOST: usize = 8000;

/// A piece, perhaps with the mark of a space at its start or its end, without punctuation and spaces inside.
static ONE_WORD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^▁?[^▁\p{P}$+<=>^`|~\s]+▁?$").expect("the pattern is a constant, and tests compile it")
});

/// A part of a word.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Symbol {
    /// Its name among the pieces.
    pub(crate) name: String,
    /// False for what the tokenizer has no piece for.
    pub(crate) known: bool,
}

/// Words of new texts with their counts, in parts as a known tokenizer has them.
#[derive(Debug, Default)]
pub(crate) struct Words {
    /// Those with a part that is not known.
    lacking: BTreeMap<Vec<Symbol>, u64>,
    /// The number of parts in all words.
    total: u64,
}

/// A piece that a tokenizer lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewPiece {
    pub(crate) name: String,
    /// How often it occurs in the new texts.
    pub(crate) count: u64,
}

/// What a tokenizer lacks.
#[derive(Debug, Default)]
pub(crate) struct Lacking {
    /// Single parts in their order, then what neighbours make.
    pub(crate) pieces: Vec<NewPiece>,
    /// The neighbours that make pieces, in their order.
    pub(crate) merges: Vec<(String, String)>,
    /// The number of parts in all words of the new texts.
    pub(crate) total: u64,
}

/// True for a piece of one word, perhaps with the mark of a space.
pub(crate) fn is_of_one_word(piece: &str) -> bool {
    ONE_WORD.is_match(piece)
}

impl Words {
    pub(crate) fn add(&mut self, word: Vec<Symbol>) {
        self.total += word.len() as u64;
        if word.iter().any(|symbol| !symbol.known) {
            *self.lacking.entry(word).or_default() += 1;
        }
    }

    /// What is lacking. Parts that are new become pieces from a count on, and also what neighbours make where `is_piece` is
    /// true of it; `prefix` stands in front of pieces that do not start their word.
    pub(crate) fn learn(&self, least: u64, prefix: &str, is_piece: Option<&dyn Fn(&str) -> bool>) -> Lacking {
        let mut counts: HashMap<&str, u64> = HashMap::new();
        for (word, count) in &self.lacking {
            for symbol in word.iter().filter(|symbol| !symbol.known) {
                *counts.entry(&symbol.name).or_default() += count;
            }
        }
        let new: BTreeSet<&str> =
            counts.iter().filter(|(_, count)| **count >= least).map(|(name, _)| *name).collect();
        let mut pieces: Vec<NewPiece> =
            new.iter().map(|name| NewPiece { name: (*name).to_owned(), count: counts[name] }).collect();
        let Some(is_piece) = is_piece else {
            return Lacking { pieces, merges: Vec::new(), total: self.total };
        };
        // What stays unknown parts a word.
        let words: Vec<(Vec<String>, u64)> = self
            .lacking
            .iter()
            .flat_map(|(word, count)| {
                let parts = word.split(|symbol| !symbol.known && !new.contains(symbol.name.as_str()));
                parts.map(|part| (part.iter().map(|symbol| symbol.name.clone()).collect(), *count))
            })
            .collect();
        let known: BTreeSet<&str> = self
            .lacking
            .keys()
            .flatten()
            .filter(|symbol| symbol.known)
            .map(|symbol| symbol.name.as_str())
            .collect();
        let found = bpe::learn_on(words, prefix, MOST, FREQUENT, &|left, right| {
            let joined = format!("{left}{}", right.strip_prefix(prefix).unwrap_or(right));
            let word = joined.strip_prefix(prefix).unwrap_or(&joined);
            (!known.contains(left) || !known.contains(right)) && is_piece(word)
        });
        for ((left, right), &count) in found.merges.iter().zip(&found.counts) {
            let name = format!("{left}{}", right.strip_prefix(prefix).unwrap_or(right));
            // Two pairs can make one piece.
            match pieces.iter_mut().find(|piece| piece.name == name) {
                Some(piece) => piece.count += count,
                None => pieces.push(NewPiece { name, count }),
            }
        }
        Lacking { pieces, merges: found.merges, total: self.total }
    }
}

impl Lacking {
    /// The log-probability of a piece, between those of the rarest and of the most frequent known one.
    pub(crate) fn score(&self, piece: &NewPiece, least: f64, best: f64) -> f64 {
        let score = (piece.count as f64 / self.total.max(1) as f64).ln();
        score.min(best).max(least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A word in parts between spaces, those that are new in brackets.
    fn word(text: &str) -> Vec<Symbol> {
        let symbol = |part: &str| match part.strip_prefix('[').and_then(|part| part.strip_suffix(']')) {
            Some(name) => Symbol { name: name.to_owned(), known: false },
            None => Symbol { name: part.to_owned(), known: true },
        };
        text.split(' ').map(symbol).collect()
    }

    #[test]
    fn neighbours_of_what_is_new_become_pieces() {
        let mut words = Words::default();
        for _ in 0..12 {
            words.add(word("▁stra [ß] e"));
            words.add(word("▁ge h"));
        }
        words.add(word("[☃] ."));
        for _ in 0..20 {
            words.add(word("[ß] ,"));
        }
        let found = words.learn(1, "", Some(&is_of_one_word));
        let names: Vec<(&str, u64)> =
            found.pieces.iter().map(|piece| (piece.name.as_str(), piece.count)).collect();
        // Known neighbours and marks of punctuation are never joined.
        assert_eq!(names, [("ß", 32), ("☃", 1), ("ße", 12), ("▁straße", 12)]);
        assert_eq!(found.merges[1], ("▁stra".to_owned(), "ße".to_owned()));
        assert_eq!(found.total, 12 * 5 + 2 + 40);
        let rare = words.learn(2, "", None);
        assert_eq!(rare.pieces, [NewPiece { name: "ß".to_owned(), count: 32 }]);
        assert!((found.score(&found.pieces[0], -9.0, -2.0) + 2.0).abs() < 1e-9, "as frequent as the best");
        assert!((found.score(&found.pieces[2], -9.0, -1.0) - (12.0f64 / 102.0).ln()).abs() < 1e-9);
    }

    #[test]
    fn pieces_inside_of_words_have_their_prefix() {
        let mut words = Words::default();
        (0..10).for_each(|_| words.add(word("[ж] [##у] ##к")));
        let found = words.learn(1, "##", Some(&is_of_one_word));
        let names: Vec<&str> = found.pieces.iter().map(|piece| piece.name.as_str()).collect();
        assert_eq!(names, ["##у", "ж", "##ук", "жук"]);
    }
}
