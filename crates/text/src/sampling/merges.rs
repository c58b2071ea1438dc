//! Byte pair encoding with dropout (Provilkov, Emelianenko and Voita, "BPE-Dropout", 2020): whenever the best merge of a
//! word is looked for, each merge that could be done is left out with some probability. Without dropout the pieces are
//! those of BPE.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::ops::Range;

use any2any_adapter::Random;
use serde_json::Value as Json;

use super::Piece;
use crate::bounds::halves;
use crate::pieces::byte_name;

/// The merges of a BPE model in the format of `tokenizer.json`, and its characters.
pub(crate) struct Merges {
    vocabulary: HashMap<String, u32>,
    /// The rank and the result of each merge.
    merges: HashMap<(u32, u32), (u32, u32)>,
    prefix: String,
    suffix: String,
    unknown: Option<u32>,
    fuses_unknown: bool,
    bytes: bool,
}

/// A piece among its neighbours; empty after it was joined to the one on its left.
struct Symbol {
    token: u32,
    range: Range<usize>,
    before: Option<usize>,
    after: Option<usize>,
}

/// A merge that could be done: its rank, the place of its left half, and what it gives.
type Candidate = Reverse<(u32, usize, u32)>;

impl Merges {
    pub(super) fn new(model: &Json) -> Option<Self> {
        let vocabulary: HashMap<String, u32> = model["vocab"]
            .as_object()?
            .iter()
            .map(|(name, token)| Some((name.clone(), u32::try_from(token.as_u64()?).ok()?)))
            .collect::<Option<_>>()?;
        let text = |name: &str| model[name].as_str().unwrap_or("").to_owned();
        let (prefix, suffix) = (text("continuing_subword_prefix"), text("end_of_word_suffix"));
        let mut merges = HashMap::new();
        for (rank, merge) in (0..).zip(model["merges"].as_array()?) {
            let (left, right) = halves(merge)?;
            let made = format!("{left}{}", right.strip_prefix(&prefix).unwrap_or(right));
            let number = |name: &str| vocabulary.get(name).copied();
            merges.insert((number(left)?, number(right)?), (rank, number(&made)?));
        }
        let unknown = model["unk_token"].as_str().and_then(|name| vocabulary.get(name).copied());
        let fuses_unknown = model["fuse_unk"].as_bool() == Some(true);
        let bytes = model["byte_fallback"].as_bool() == Some(true);
        Some(Self { vocabulary, merges, prefix, suffix, unknown, fuses_unknown, bytes })
    }

    /// The pieces of a word.
    pub(super) fn cut(&self, word: &str, dropout: f64, random: &mut Random) -> Vec<Piece> {
        let mut symbols = self.symbols(word);
        let mut queue: BinaryHeap<Candidate> = BinaryHeap::new();
        for left in 0..symbols.len().saturating_sub(1) {
            queue.extend(self.candidate(&symbols, left));
        }
        let mut left_out = Vec::new();
        while let Some(Reverse((rank, left, made))) = queue.pop() {
            if self.candidate(&symbols, left) != Some(Reverse((rank, left, made))) {
                continue;
            }
            if dropout > 0.0 && random.unit() < dropout {
                left_out.push(Reverse((rank, left, made)));
                continue;
            }
            // The next merge is looked for among all again.
            queue.extend(left_out.drain(..));
            join(&mut symbols, left, made);
            queue.extend(symbols[left].before.and_then(|before| self.candidate(&symbols, before)));
            queue.extend(self.candidate(&symbols, left));
        }
        let whole = symbols.into_iter().filter(|symbol| !symbol.range.is_empty());
        whole.map(|symbol| (symbol.token, symbol.range)).collect()
    }

    /// The merge of a piece with the one behind it, if there is one.
    fn candidate(&self, symbols: &[Symbol], left: usize) -> Option<Candidate> {
        let symbol = symbols.get(left).filter(|symbol| !symbol.range.is_empty())?;
        let (rank, made) = self.merges.get(&(symbol.token, symbols[symbol.after?].token))?;
        Some(Reverse((*rank, left, *made)))
    }

    /// The characters of a word.
    fn symbols(&self, word: &str) -> Vec<Symbol> {
        let mut symbols: Vec<Symbol> = Vec::with_capacity(word.len());
        let mut unknown_text: Option<Range<usize>> = None;
        for (start, character) in word.char_indices() {
            let range = start..start + character.len_utf8();
            let before = if start > 0 { self.prefix.as_str() } else { "" };
            let after = if range.end == word.len() { self.suffix.as_str() } else { "" };
            let name = format!("{before}{character}{after}");
            if let Some(token) = self.vocabulary.get(&name) {
                self.push_unknown(&mut symbols, &mut unknown_text);
                push(&mut symbols, *token, range);
            } else if let Some(bytes) = self.bytes_of(&name) {
                for (at, token) in (range.start..).zip(bytes) {
                    push(&mut symbols, token, at..at + 1);
                }
            } else {
                if !self.fuses_unknown {
                    self.push_unknown(&mut symbols, &mut unknown_text);
                }
                unknown_text = Some(unknown_text.map_or(range.start, |text| text.start)..range.end);
            }
        }
        self.push_unknown(&mut symbols, &mut unknown_text);
        symbols
    }

    fn push_unknown(&self, symbols: &mut Vec<Symbol>, text: &mut Option<Range<usize>>) {
        if let (Some(range), Some(unknown)) = (text.take(), self.unknown) {
            push(symbols, unknown, range);
        }
    }

    fn bytes_of(&self, name: &str) -> Option<Vec<u32>> {
        let number = |byte: u8| self.vocabulary.get(&byte_name(byte)).copied();
        self.bytes.then(|| name.bytes().map(number).collect::<Option<_>>()).flatten()
    }
}

fn push(symbols: &mut Vec<Symbol>, token: u32, range: Range<usize>) {
    let before = symbols.len().checked_sub(1);
    if let Some(before) = before {
        symbols[before].after = Some(before + 1);
    }
    symbols.push(Symbol { token, range, before, after: None });
}

/// Joins a piece with the one behind it.
fn join(symbols: &mut [Symbol], left: usize, made: u32) {
    let Some(right) = symbols[left].after else { return };
    symbols[left].token = made;
    symbols[left].range.end = symbols[right].range.end;
    symbols[right].range.start = symbols[right].range.end;
    let after = symbols[right].after;
    symbols[left].after = after;
    if let Some(after) = after {
        symbols[after].before = Some(left);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use any2any_adapter::Seed;
    use serde_json::json;

    use super::*;

    fn model() -> Json {
        json!({
            "type": "BPE", "unk_token": "?",
            "vocab": { "?": 0, "a": 1, "b": 2, "c": 3, "ab": 4, "bc": 5, "abc": 6 },
            "merges": [["a", "b"], ["b", "c"], "ab c"],
        })
    }

    fn cut(word: &str, dropout: f64, step: u64) -> Vec<Piece> {
        Merges::new(&model()).expect("a model").cut(word, dropout, &mut Seed(3).random("merges", step))
    }

    #[test]
    fn without_dropout_and_with_nothing_else() {
        assert_eq!(cut("abcx", 0.0, 0), [(6, 0..3), (0, 3..4)]);
        assert_eq!(cut("abc", 1.0, 0), [(1, 0..1), (2, 1..2), (3, 2..3)]);
        assert!(cut("", 0.5, 0).is_empty());
    }

    /// By hand, with p the dropout: `a b` is the best merge, and is done with 1 - p; else `b c` with p(1 - p), else none
    /// with p². Behind `ab` follows `ab c` with 1 - p, and behind `bc` nothing.
    #[test]
    fn each_way_has_its_probability() {
        let dropout = 0.3;
        let mut counts: BTreeMap<Vec<u32>, f64> = BTreeMap::new();
        let draws = 40_000;
        for step in 0..draws {
            let tokens = cut("abc", dropout, step).into_iter().map(|(token, _)| token).collect();
            *counts.entry(tokens).or_default() += 1.0 / draws as f64;
        }
        let expected = [
            (vec![1, 2, 3], dropout * dropout),
            (vec![1, 5], dropout * (1.0 - dropout)),
            (vec![4, 3], (1.0 - dropout) * dropout),
            (vec![6], (1.0 - dropout) * (1.0 - dropout)),
        ];
        for (tokens, probability) in expected {
            // Five standard deviations of the share.
            let tolerance = 5.0 * (probability * (1.0 - probability) / draws as f64).sqrt();
            let found = counts.remove(&tokens).unwrap_or(0.0);
            assert!((found - probability).abs() < tolerance, "{tokens:?}: {found} {probability}");
        }
        assert!(counts.is_empty(), "{counts:?}");
    }
}
