//! The four models of SentencePiece that cut a normalised text into pieces: unigram, BPE, words, characters.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, HashMap};
use std::ops::Range;

use any2any_adapter::Random;

use super::trie::Trie;
use super::{Piece, Vocabulary};
use crate::augment::UnigramSampling;
use crate::sampling::{Edge, Kind, Lattice, Sampling};
use crate::words::SPACE;

/// Distance of an unknown character's score below that of the rarest piece, in log-probability.
const UNKNOWN_PENALTY: f32 = 10.0;

/// A way to cut a normalised text.
#[derive(Debug)]
pub(super) enum Model {
    /// The most probable pieces (Kudo, "Subword Regularization", 2018).
    Unigram {
        /// Trie of the pieces that can stand in a text.
        trie: Trie,
        /// The score of an unknown character.
        unknown: f32,
        /// The score of the most probable piece.
        best: f32,
    },
    /// Neighbours joined, the best piece first.
    Bpe,
    /// Words, each with the space before it.
    Words,
    /// Characters.
    Characters,
}

/// A part of a text and its token.
pub(super) type Segment = (Range<usize>, u32);

impl Model {
    pub(super) fn unigram(vocabulary: &Vocabulary) -> Self {
        let (mut least, mut best) = (f32::MAX, f32::MIN_POSITIVE);
        for (piece, score) in vocabulary.pieces.iter().zip(&vocabulary.scores) {
            if *piece == Piece::Normal {
                least = least.min(*score);
                best = best.max(*score);
            }
        }
        let pieces = vocabulary.in_texts.iter().map(|(name, token)| (name.as_str(), *token));
        Self::Unigram { trie: Trie::new(pieces), unknown: least - UNKNOWN_PENALTY, best }
    }

    /// The parts of a normalised text, one after the other.
    pub(super) fn cut(&self, text: &str, vocabulary: &Vocabulary) -> Vec<Segment> {
        match self {
            Self::Unigram { trie, unknown, best } => most_probable(text, vocabulary, trie, *unknown, *best),
            Self::Bpe => merged(text, vocabulary, &mut || false),
            Self::Words => {
                let words = words(text).into_iter();
                words.map(|word| (word.clone(), vocabulary.token_of(&text[word]))).collect()
            }
            Self::Characters => {
                let characters = characters(text, vocabulary).into_iter();
                characters.map(|(range, _)| (range.clone(), vocabulary.token_of(&text[range]))).collect()
            }
        }
    }

    /// The parts of a normalised text, cut at random; as always where the model has no such way.
    ///
    /// A merge of BPE that is left out stays so until one beside it is done, as in SentencePiece; elsewhere each merge has
    /// another chance after every other.
    pub(super) fn sampled(
        &self,
        text: &str,
        vocabulary: &Vocabulary,
        sampling: Sampling,
        random: &mut Random,
    ) -> Vec<Segment> {
        let found = match (self, sampling) {
            (Self::Unigram { trie, unknown, .. }, Sampling::Unigram(sampling)) => {
                drawn(text, vocabulary, trie, *unknown, sampling, random)
            }
            (Self::Bpe, Sampling::BpeDropout(dropout)) => {
                Some(merged(text, vocabulary, &mut || random.unit() < dropout))
            }
            _ => None,
        };
        found.unwrap_or_else(|| self.cut(text, vocabulary))
    }
}

/// Pieces drawn by their probability; `None` if no way leads through the text.
fn drawn(
    text: &str,
    vocabulary: &Vocabulary,
    trie: &Trie,
    unknown: f32,
    sampling: UnigramSampling,
    random: &mut Random,
) -> Option<Vec<Segment>> {
    let mut edges = Vec::with_capacity(text.len() * 3);
    for (start, character) in text.char_indices() {
        let mut single = false;
        for (length, token) in trie.prefixes(&text[start..]) {
            let kind = match vocabulary.pieces[token as usize] {
                Piece::Unused => continue,
                Piece::UserDefined => Kind::Symbol,
                _ => Kind::Piece,
            };
            let score = f64::from(vocabulary.scores[token as usize]);
            edges.push(Edge { start, end: start + length, token, score, kind });
            single |= length == character.len_utf8();
        }
        if !single {
            let (end, token) = (start + character.len_utf8(), vocabulary.unknown);
            edges.push(Edge { start, end, token, score: f64::from(unknown), kind: Kind::Unknown });
        }
    }
    let drawn = Lattice::new(text.len(), edges).draw(sampling, random)?;
    Some(drawn.into_iter().map(|(token, range)| (range, token)).collect())
}

/// The best way to a place in a text: its score, and the last piece on it.
#[derive(Clone, Copy, Default)]
struct Path {
    score: f32,
    last: Option<(usize, u32)>,
}

impl Path {
    /// Scores are compared in double precision and kept in single precision, as in SentencePiece, where the last bit
    /// decides between ways of equal probability.
    fn improve(&mut self, score: f64, start: usize, token: u32) {
        if self.last.is_none() || score > f64::from(self.score) {
            *self = Self { score: score as f32, last: Some((start, token)) };
        }
    }
}

fn most_probable(text: &str, vocabulary: &Vocabulary, trie: &Trie, unknown: f32, best: f32) -> Vec<Segment> {
    let mut paths = vec![Path::default(); text.len() + 1];
    for (start, character) in text.char_indices() {
        let before = paths[start].score;
        let mut single = false;
        for (length, token) in trie.prefixes(&text[start..]) {
            let score = match vocabulary.pieces[token as usize] {
                Piece::Unused => continue,
                // Pieces that a user has defined are nearly always taken.
                Piece::UserDefined => f64::from(length as f32 * best) - 0.1 + f64::from(before),
                _ => f64::from(vocabulary.scores[token as usize]) + f64::from(before),
            };
            paths[start + length].improve(score, start, token);
            single |= length == character.len_utf8();
        }
        if !single {
            let score = f64::from(unknown + before);
            paths[start + character.len_utf8()].improve(score, start, vocabulary.unknown);
        }
    }
    let mut segments = Vec::new();
    let mut end = text.len();
    while let Some((start, token)) = paths[end].last {
        segments.push((start..end, token));
        end = start;
    }
    segments.reverse();
    segments
}

/// Two neighbours that can be joined, ordered by their score, and of equal ones the one to the left first.
struct Pair {
    score: f32,
    left: Reverse<usize>,
    right: usize,
    length: usize,
}

impl Ord for Pair {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_score = self.score.partial_cmp(&other.score).unwrap_or(Ordering::Equal);
        by_score.then(self.left.cmp(&other.left)).then(self.length.cmp(&other.length))
    }
}

impl PartialOrd for Pair {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Pair {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Pair {}

/// A part of a text among its neighbours; empty when it was joined to the one on its left.
struct Symbol {
    range: Range<usize>,
    before: Option<usize>,
    after: Option<usize>,
    /// True if it is never joined.
    frozen: bool,
}

/// Neighbours joined, the best piece first; those that are `left_out` stay apart.
fn merged(text: &str, vocabulary: &Vocabulary, left_out: &mut dyn FnMut() -> bool) -> Vec<Segment> {
    let mut symbols: Vec<Symbol> = Vec::new();
    for (index, (range, frozen)) in characters(text, vocabulary).into_iter().enumerate() {
        let after = (range.end < text.len()).then_some(index + 1);
        symbols.push(Symbol { range, before: index.checked_sub(1), after, frozen });
    }
    let mut queue = BinaryHeap::new();
    // The parts of unused pieces, which stand only for the way to larger ones.
    let mut parts: HashMap<&str, usize> = HashMap::new();
    let mut offer =
        |queue: &mut BinaryHeap<Pair>, symbols: &[Symbol], left: Option<usize>, right: Option<usize>| {
            let (Some(left), Some(right)) = (left, right) else { return };
            if symbols[left].frozen || symbols[right].frozen {
                return;
            }
            let joined = &text[symbols[left].range.start..symbols[right].range.end];
            let Some(&token) = vocabulary.in_texts.get(joined) else { return };
            if vocabulary.pieces[token as usize] == Piece::Unused {
                parts.insert(joined, symbols[left].range.len());
            }
            let score = vocabulary.scores[token as usize];
            queue.push(Pair { score, left: Reverse(left), right, length: joined.len() });
        };
    for right in 1..symbols.len() {
        offer(&mut queue, &symbols, Some(right - 1), Some(right));
    }
    while let Some(Pair { left: Reverse(left), right, length, .. }) = queue.pop() {
        let (left_length, right_length) = (symbols[left].range.len(), symbols[right].range.len());
        if left_length == 0 || right_length == 0 || left_length + right_length != length {
            continue;
        }
        if left_out() {
            continue;
        }
        symbols[left].range.end = symbols[right].range.end;
        symbols[right].range.start = symbols[right].range.end;
        let after = symbols[right].after;
        symbols[left].after = after;
        if let Some(after) = after {
            symbols[after].before = Some(left);
        }
        offer(&mut queue, &symbols, symbols[left].before, Some(left));
        offer(&mut queue, &symbols, Some(left), after);
    }
    let mut segments = Vec::new();
    for symbol in symbols.into_iter().filter(|symbol| !symbol.range.is_empty()) {
        let mut open = vec![symbol.range];
        while let Some(range) = open.pop() {
            let token = vocabulary.token_of(&text[range.clone()]);
            let unused = vocabulary.pieces[token as usize] == Piece::Unused;
            match parts.get(&text[range.clone()]).filter(|_| unused) {
                Some(length) => {
                    open.push(range.start + length..range.end);
                    open.push(range.start..range.start + length);
                }
                None => segments.push((range, token)),
            }
        }
    }
    segments
}

/// The characters of a text and the strings that users have defined, which are true.
fn characters(text: &str, vocabulary: &Vocabulary) -> Vec<(Range<usize>, bool)> {
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some(character) = text[at..].chars().next() {
        let symbol = vocabulary.symbols.longest(&text[at..]);
        let end = at + symbol.unwrap_or(character.len_utf8());
        parts.push((at..end, symbol.is_some()));
        at = end;
    }
    parts
}

fn words(text: &str) -> Vec<Range<usize>> {
    let mut words: Vec<Range<usize>> = Vec::new();
    for (at, character) in text.char_indices() {
        let end = at + character.len_utf8();
        match words.last_mut().filter(|_| !SPACE.starts_with(character)) {
            Some(word) => word.end = end,
            None => words.push(at..end),
        }
    }
    words
}
