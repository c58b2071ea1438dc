//! Training of the unigram language model (Kudo, "Subword Regularization", 2018).
//!
//! A word's probability is the sum over all its segmentations of the product of the probabilities of their
//! pieces. Training starts from all frequent substrings, finds probabilities by expectation maximisation,
//! and again and again drops the quarter of the pieces that the likelihood misses least. We differ from
//! SentencePiece in two places: substrings are counted directly instead of with a suffix array (words are
//! short), and pieces are never dropped below the size asked for, so that the vocabulary has exactly that
//! size. Every sum is taken in a fixed order.

use std::collections::{HashMap, HashSet};

/// The longest piece, in characters.
const LONGEST: usize = 16;
/// The most pieces that training starts from.
const SEEDS: usize = 1_000_000;
/// The share of the pieces that one round of pruning keeps.
const KEPT: f64 = 0.75;
/// Rounds of expectation maximisation before each pruning.
const ROUNDS: usize = 2;
/// A piece that is expected less often is dropped without further question.
const RARE: f64 = 0.5;
/// Least expected count of a required character, even if no segmentation needs it.
const FLOOR: f64 = 0.1;

/// A piece and its log-probability.
type Piece = (String, f64);

/// Learns at most `size` pieces from words and their counts, the most probable first.
///
/// Fewer come back when the words have fewer frequent substrings; more when they have more characters.
pub(crate) fn learn(words: &[(String, u64)], size: usize) -> Vec<Piece> {
    let words: Vec<(Vec<char>, f64)> =
        words.iter().map(|(word, count)| (word.chars().collect(), *count as f64)).collect();
    let mut model = Model::new(seeds(&words));
    // A tenth more than asked for, because the last cut goes by probability instead of by loss.
    let nearly = (size + size / 10).max(model.required.iter().filter(|required| **required).count());
    loop {
        for _ in 0..ROUNDS {
            let expected = model.expected(&words);
            model = model.maximized(&expected, nearly);
        }
        if model.pieces.len() <= nearly {
            break;
        }
        model = model.pruned(&words, nearly);
    }
    model.finished(size)
}

/// All characters, and the substrings that occur at least twice, with a first estimate of their
/// log-probabilities: how much text they cover.
fn seeds(words: &[(Vec<char>, f64)]) -> Vec<Piece> {
    let mut characters: HashMap<&[char], f64> = HashMap::new();
    let mut found: Vec<(&[char], f64)> = Vec::new();
    for (word, count) in words {
        for character in word.chunks(1) {
            *characters.entry(character).or_default() += count;
        }
    }
    // A substring is frequent only if its own start is.
    let mut frequent: HashSet<&[char]> = characters.keys().copied().collect();
    for length in 2..=LONGEST {
        let mut counts: HashMap<&[char], f64> = HashMap::new();
        for (word, count) in words {
            for substring in word.windows(length) {
                if frequent.contains(&substring[..length - 1]) {
                    *counts.entry(substring).or_default() += count;
                }
            }
        }
        counts.retain(|_, count| *count >= 2.0);
        frequent = counts.keys().copied().collect();
        found.extend(counts.into_iter().map(|(substring, count)| (substring, count * length as f64)));
    }
    found.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    found.truncate(SEEDS);
    let mut seeds: Vec<(&[char], f64)> = characters.into_iter().collect();
    seeds.sort_by(|a, b| a.0.cmp(b.0));
    seeds.extend(found);
    let total: f64 = seeds.iter().map(|(_, covered)| covered).sum();
    seeds.into_iter().map(|(piece, covered)| (piece.iter().collect(), (covered / total).ln())).collect()
}

/// Pieces with their log-probabilities, and a trie over their characters.
struct Model {
    pieces: Vec<Piece>,
    /// For each piece, whether it is a character, which is never dropped.
    required: Vec<bool>,
    children: HashMap<(u32, char), u32>,
    /// The piece that ends at each node of the trie.
    ends: Vec<Option<u32>>,
}

/// A piece in a word, from one character to another.
struct Edge {
    from: usize,
    to: usize,
    piece: usize,
}

impl Model {
    fn new(pieces: Vec<Piece>) -> Self {
        let mut children = HashMap::new();
        let mut ends = vec![None];
        for (number, (piece, _)) in (0..).zip(&pieces) {
            let mut node = 0;
            for character in piece.chars() {
                node = *children.entry((node, character)).or_insert_with(|| {
                    ends.push(None);
                    ends.len() as u32 - 1
                });
            }
            ends[node as usize] = Some(number);
        }
        let required = pieces.iter().map(|(piece, _)| piece.chars().count() == 1).collect();
        Self { pieces, required, children, ends }
    }

    /// All pieces in a word, ordered by where they start.
    fn edges(&self, word: &[char]) -> Vec<Edge> {
        let mut edges = Vec::new();
        for from in 0..word.len() {
            let mut node = 0;
            for (to, &character) in (from + 1..).zip(&word[from..]) {
                let Some(&next) = self.children.get(&(node, character)) else {
                    break;
                };
                node = next;
                if let Some(piece) = self.ends[node as usize] {
                    edges.push(Edge { from, to, piece: piece as usize });
                }
            }
        }
        edges
    }

    /// The expected count of each piece in all segmentations of all words.
    fn expected(&self, words: &[(Vec<char>, f64)]) -> Vec<f64> {
        let mut expected = vec![0.0; self.pieces.len()];
        for (word, count) in words {
            let edges = self.edges(word);
            let mut before = vec![f64::NEG_INFINITY; word.len() + 1];
            let mut after = before.clone();
            before[0] = 0.0;
            after[word.len()] = 0.0;
            for edge in &edges {
                before[edge.to] = log_add(before[edge.to], before[edge.from] + self.pieces[edge.piece].1);
            }
            for edge in edges.iter().rev() {
                after[edge.from] = log_add(after[edge.from], after[edge.to] + self.pieces[edge.piece].1);
            }
            for edge in &edges {
                let log = before[edge.from] + self.pieces[edge.piece].1 + after[edge.to] - after[0];
                expected[edge.piece] += count * log.exp();
            }
        }
        expected
    }

    /// The model of the expected counts, under a sparse prior (Liang and Klein 2007), without rare pieces
    /// as long as `least` are left.
    fn maximized(self, expected: &[f64], least: usize) -> Self {
        let mut order: Vec<usize> = (0..self.pieces.len()).collect();
        let weight = |&piece: &usize| {
            if self.required[piece] { f64::INFINITY } else { expected[piece] }
        };
        order.sort_by(|a, b| weight(b).total_cmp(&weight(a)).then(a.cmp(b)));
        let kept = order.partition_point(|piece| weight(piece) >= RARE).max(least.min(order.len()));
        order.truncate(kept);
        order.sort_unstable();
        let count = |piece: usize| expected[piece].max(FLOOR);
        let total = digamma(order.iter().map(|&piece| count(piece)).sum());
        Self::new(
            order
                .into_iter()
                .map(|piece| (self.pieces[piece].0.clone(), digamma(count(piece)) - total))
                .collect(),
        )
    }

    /// The model without the pieces whose loss costs the least likelihood, but with at least `least` pieces.
    fn pruned(self, words: &[(Vec<char>, f64)], least: usize) -> Self {
        let mut uses = vec![0.0; self.pieces.len()];
        for (word, count) in words {
            for piece in self.best(word, None) {
                uses[piece] += count;
            }
        }
        let total: f64 = uses.iter().sum();
        let mut candidates: Vec<(usize, f64)> = (0..self.pieces.len())
            .map(|piece| {
                (piece, if self.required[piece] { f64::INFINITY } else { self.loss(piece, &uses, total) })
            })
            .collect();
        candidates.sort_by(|a, b| {
            let by_probability = || self.pieces[b.0].1.total_cmp(&self.pieces[a.0].1);
            b.1.total_cmp(&a.1).then_with(by_probability).then(a.0.cmp(&b.0))
        });
        let required = self.required.iter().filter(|required| **required).count();
        candidates.truncate(((self.pieces.len() as f64 * KEPT) as usize).max(least).max(required));
        candidates.sort_unstable_by_key(|(piece, _)| *piece);
        Self::new(candidates.into_iter().map(|(piece, _)| self.pieces[piece].clone()).collect())
    }

    /// Likelihood lost, for each use of any piece, when the uses of one piece are written with others.
    fn loss(&self, piece: usize, uses: &[f64], total: f64) -> f64 {
        let uses_of = uses[piece];
        if uses_of == 0.0 {
            return 0.0;
        }
        let word: Vec<char> = self.pieces[piece].0.chars().collect();
        let others = self.best(&word, Some(piece));
        let total_after = (total + uses_of * (others.len() as f64 - 1.0)).ln();
        let after: f64 = others.iter().map(|&other| (uses[other] + uses_of).ln() - total_after).sum();
        uses_of / total * (uses_of.ln() - total.ln() - after)
    }

    /// The most probable segmentation of a word (Viterbi), if need be without one piece.
    fn best(&self, word: &[char], without: Option<usize>) -> Vec<usize> {
        let mut score = vec![f64::NEG_INFINITY; word.len() + 1];
        let mut last: Vec<Option<(usize, usize)>> = vec![None; word.len() + 1];
        score[0] = 0.0;
        for edge in self.edges(word) {
            let reached = score[edge.from] + self.pieces[edge.piece].1;
            if Some(edge.piece) != without && reached > score[edge.to] {
                score[edge.to] = reached;
                last[edge.to] = Some((edge.from, edge.piece));
            }
        }
        let mut path = Vec::new();
        let mut at = word.len();
        while let Some((from, piece)) = last[at] {
            path.push(piece);
            at = from;
        }
        path.reverse();
        path
    }

    /// The characters and the most probable other pieces, in the order of their probability.
    fn finished(self, size: usize) -> Vec<Piece> {
        let (mut kept, mut others): (Vec<_>, Vec<_>) =
            self.pieces.into_iter().zip(self.required).partition(|(_, required)| *required);
        let by_probability =
            |a: &(Piece, bool), b: &(Piece, bool)| b.0.1.total_cmp(&a.0.1).then_with(|| a.0.0.cmp(&b.0.0));
        others.sort_by(by_probability);
        others.truncate(size.saturating_sub(kept.len()));
        kept.extend(others);
        kept.sort_by(by_probability);
        kept.into_iter().map(|(piece, _)| piece).collect()
    }
}

/// `ln(e^a + e^b)`.
fn log_add(a: f64, b: f64) -> f64 {
    let (low, high) = if a < b { (a, b) } else { (b, a) };
    if low == f64::NEG_INFINITY { high } else { high + (low - high).exp().ln_1p() }
}

/// The derivative of the logarithm of the gamma function: recurrence up to 7, then its asymptotic series.
fn digamma(mut x: f64) -> f64 {
    let mut result = 0.0;
    while x < 7.0 {
        result -= 1.0 / x;
        x += 1.0;
    }
    let inverse = 1.0 / (x * x);
    result + x.ln() - 0.5 / x - inverse * (1.0 / 12.0 - inverse * (1.0 / 120.0 - inverse / 252.0))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn words(counts: &[(&str, u64)]) -> Vec<(String, u64)> {
        counts.iter().map(|(word, count)| ((*word).to_owned(), *count)).collect()
    }

    #[test]
    fn digamma_is_right() {
        // Abramowitz and Stegun, table 6.1; psi(1) is minus Euler's constant.
        for (x, expected) in [(1.0, -0.577_215_664_9), (0.5, -1.963_510_026_0), (10.0, 2.251_752_589_1)] {
            assert!((digamma(x) - expected).abs() < 1e-8, "digamma({x}) = {}", digamma(x));
        }
    }

    #[test]
    fn expected_counts_by_hand() {
        // ab is one piece of probability 1/2 or two of 1/4 each: 8/9 against 1/9.
        let ln = f64::ln;
        let model = Model::new(vec![("a".into(), ln(0.25)), ("b".into(), ln(0.25)), ("ab".into(), ln(0.5))]);
        let expected = model.expected(&[(vec!['a', 'b'], 9.0)]);
        for (found, expected) in expected.iter().zip([1.0, 1.0, 8.0]) {
            assert!((found - expected).abs() < 1e-12);
        }
        assert_eq!(model.best(&['a', 'b'], None), [2]);
        assert_eq!(model.best(&['a', 'b'], Some(2)), [0, 1]);
    }

    #[test]
    fn stems_and_endings_become_pieces() {
        let stems = ["walk", "talk", "jump", "play", "paint", "open", "plant", "land", "mark", "point"];
        let endings = ["ing", "ed", "er", "s", "able", "ers"];
        let counts: Vec<(String, u64)> =
            stems.iter().flat_map(|stem| endings.map(|ending| (format!("▁{stem}{ending}"), 1))).collect();
        let pieces: BTreeSet<String> = learn(&counts, 35).into_iter().map(|(piece, _)| piece).collect();
        assert_eq!(pieces.len(), 35);
        for piece in ["ing", "able", "ed", "▁jump", "▁open", "▁play"] {
            assert!(pieces.contains(piece), "{piece} is not in {pieces:?}");
        }
    }

    #[test]
    fn the_size_is_exact_between_the_alphabet_and_all_substrings() {
        let counts = words(&[("abab", 3), ("abc", 2), ("d", 1)]);
        // a b c d, and ab ba bab aba abab abc bc: what occurs at least twice.
        for (asked, found) in [(1, 4), (4, 4), (5, 5), (9, 9), (11, 11), (50, 11)] {
            assert_eq!(learn(&counts, asked).len(), found, "{asked}");
        }
    }
}
