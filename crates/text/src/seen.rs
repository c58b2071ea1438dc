//! The tokens that the training split has: those whose embeddings a model has trained.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::Path;

use any2any_adapter::{AdapterError, Region, state};
use serde_json::json;

/// The file of the seen tokens inside the folder of an adapter's state.
const FILE: &str = "seen.json";

/// Set of the tokens that the training split has, a flag for every token of the vocabulary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen(Vec<bool>);

impl Seen {
    /// The empty set.
    pub(crate) fn none(vocabulary: usize) -> Self {
        Self(vec![false; vocabulary])
    }

    pub(crate) fn add(&mut self, tokens: &[u32]) {
        for &token in tokens {
            if let Some(seen) = self.0.get_mut(token as usize) {
                *seen = true;
            }
        }
    }

    pub(crate) fn with(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(&other.0).for_each(|(seen, other)| *seen |= other);
        self
    }

    pub(crate) fn contains(&self, token: u32) -> bool {
        self.0.get(token as usize).copied().unwrap_or(false)
    }

    /// Writes the file: the size of the vocabulary, and the seen tokens as ranges, their ends excluded.
    pub(crate) fn save(&self, folder: &Path) -> Result<(), AdapterError> {
        let mut ranges: Vec<Range<usize>> = Vec::new();
        for (token, _) in self.0.iter().enumerate().filter(|(_, seen)| **seen) {
            match ranges.last_mut() {
                Some(last) if last.end == token => last.end = token + 1,
                _ => ranges.push(token..token + 1),
            }
        }
        let ranges: Vec<[usize; 2]> = ranges.into_iter().map(|range| [range.start, range.end]).collect();
        let path = folder.join(FILE);
        std::fs::write(&path, format!("{}\n", json!({ "tokens": self.0.len(), "seen": ranges })))
            .map_err(|error| AdapterError::File { path, reason: format!("cannot be written: {error}") })
    }

    /// Reads the file again; none where a state was saved without it.
    pub(crate) fn load(folder: &Path, vocabulary: usize) -> Result<Option<Self>, AdapterError> {
        let path = folder.join(FILE);
        let text = state::read(&path).and_then(|bytes| {
            String::from_utf8(bytes).map_err(|error| std::io::Error::new(ErrorKind::InvalidData, error))
        });
        let text = match text {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(AdapterError::File { path, reason: format!("cannot be read: {error}") });
            }
        };
        Self::parse(&text, vocabulary).map(Some).map_err(|reason| AdapterError::File { path, reason })
    }

    fn parse(text: &str, vocabulary: usize) -> Result<Self, String> {
        #[derive(serde::Deserialize)]
        struct Saved {
            tokens: usize,
            seen: Vec<[usize; 2]>,
        }
        let saved: Saved =
            serde_json::from_str(text).map_err(|error| format!("no list of seen tokens: {error}"))?;
        if saved.tokens != vocabulary {
            return Err(format!("it is of {} tokens, and the tokenizer has {vocabulary}", saved.tokens));
        }
        let mut seen = Self::none(vocabulary);
        for [start, end] in saved.seen {
            let tokens = seen.0.get_mut(start..end).ok_or("it names tokens outside the vocabulary")?;
            tokens.fill(true);
        }
        Ok(seen)
    }
}

/// The words of a text, as far as white space parts them, that some of the regions touch: in their order, each once.
pub(crate) fn words_of(text: &str, regions: impl Iterator<Item = Region>) -> Vec<String> {
    let mut starts = BTreeSet::new();
    for region in regions {
        let Region::Bytes(range) = region else { continue };
        let Some(part) = text.get(range.clone()) else { continue };
        let mut at = range.start;
        for word in part.split_inclusive(char::is_whitespace) {
            if !word.trim().is_empty() {
                let before = text[..at].char_indices().rev().find(|(_, character)| character.is_whitespace());
                starts.insert(before.map_or(0, |(space, character)| space + character.len_utf8()));
            }
            at += word.len();
        }
    }
    let mut words: Vec<String> = Vec::new();
    for word in starts.into_iter().filter_map(|start| text[start..].split(char::is_whitespace).next()) {
        if !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seen_tokens_come_back_from_their_file() {
        let mut seen = Seen::none(9);
        seen.add(&[0, 1, 2, 5, 8, 99]);
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(Seen::load(folder.path(), 9).expect("none is there"), None);
        seen.save(folder.path()).expect("a writable folder");
        let text = std::fs::read_to_string(folder.path().join(FILE)).expect("it was saved");
        assert_eq!(text, "{\"tokens\":9,\"seen\":[[0,3],[5,6],[8,9]]}\n");
        assert_eq!(Seen::load(folder.path(), 9).expect("as saved"), Some(seen));
        for (text, expected) in [
            ("{\"tokens\":8,\"seen\":[]}", "it is of 8 tokens"),
            ("{\"tokens\":9,\"seen\":[[3,10]]}", "outside the vocabulary"),
            ("{\"tokens\":9,\"seen\":[[5,2]]}", "outside the vocabulary"),
            ("[]", "no list of seen tokens"),
        ] {
            let error = Seen::parse(text, 9).expect_err(text);
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn words_are_whole_and_named_once() {
        let text = " Ein Quant,  zwei Quant, drei";
        type Case = (&'static [(usize, usize)], &'static [&'static str]);
        let cases: [Case; 7] = [
            (&[], &[]),
            (&[(0, 1)], &[]),
            (&[(0, 2)], &["Ein"]),
            (&[(6, 7), (20, 21)], &["Quant,"]),
            (&[(3, 7)], &["Ein", "Quant,"]),
            (&[(25, 27), (14, 15)], &["zwei", "drei"]),
            (&[(0, 99)], &[]),
        ];
        for (ranges, expected) in cases {
            let regions = ranges.iter().map(|(start, end)| Region::Bytes(*start..*end));
            assert_eq!(words_of(text, regions), expected);
        }
    }
}
