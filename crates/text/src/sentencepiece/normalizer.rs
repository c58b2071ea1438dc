//! The normalizer of SentencePiece, which runs before a text is cut, with the way back to the original.

use std::sync::Arc;

use super::character_map::CharacterMap;
use super::proto::NormalizerSpec;
use super::trie::Trie;
use crate::words::SPACE;

/// The normalisation steps of a SentencePiece model.
#[derive(Debug)]
pub(super) struct Normalizer {
    map: Option<CharacterMap>,
    /// Strings that are left as they are.
    symbols: Arc<Trie>,
    /// Add a space of our own to a text.
    adds_space: bool,
    /// Put that space at the end instead of the start.
    at_end: bool,
    /// Take away spaces at both ends, and all but one between words.
    trims: bool,
    /// Write a space as `▁`.
    marks: bool,
}

/// A text that is ready to be cut.
#[derive(Debug, Default)]
pub(super) struct Normalized {
    pub(super) text: String,
    /// The byte offset in the original that each byte comes from, and last the length of the original.
    pub(super) origins: Vec<usize>,
}

impl Normalizer {
    /// # Errors
    ///
    /// When the map of characters is broken.
    pub(super) fn new(spec: &NormalizerSpec, symbols: Arc<Trie>, at_end: bool) -> Result<Self, String> {
        Ok(Self {
            map: CharacterMap::parse(spec.precompiled_charsmap())?,
            symbols,
            adds_space: spec.add_dummy_prefix(),
            at_end,
            trims: spec.remove_extra_whitespaces(),
            marks: spec.escape_whitespaces(),
        })
    }

    pub(super) fn adds_space(&self) -> bool {
        self.adds_space
    }

    /// True if a word has the mark of a space at its start, and not at its end.
    pub(super) fn is_marked_before(&self) -> bool {
        !self.at_end
    }

    pub(super) fn trims(&self) -> bool {
        self.trims
    }

    pub(super) fn normalize(&self, original: &str) -> Normalized {
        let mut at = 0;
        if self.trims {
            while let (" ", length) = self.next(&original[at..]) {
                at += length;
            }
        }
        if at == original.len() {
            return Normalized::default();
        }
        let space = if self.marks { SPACE } else { " " };
        let mut normalized = Normalized::default();
        if self.adds_space && !self.at_end {
            normalized.push(space, at);
        }
        let mut after_space = self.trims;
        while at < original.len() {
            let (mut part, length) = self.next(&original[at..]);
            if after_space {
                part = part.trim_start_matches(' ');
            }
            for (index, words) in part.split(' ').enumerate() {
                if index > 0 {
                    normalized.push(space, at);
                }
                normalized.push(words, at);
            }
            if !part.is_empty() {
                after_space = part.ends_with(' ');
            }
            after_space &= self.trims;
            at += length;
        }
        if self.trims {
            while let Some(trimmed) = normalized.text.strip_suffix(space).map(str::len) {
                at = normalized.origins[trimmed];
                normalized.text.truncate(trimmed);
                normalized.origins.truncate(trimmed);
            }
        }
        if self.adds_space && self.at_end {
            normalized.push(space, at);
        }
        normalized.origins.push(at);
        normalized
    }

    /// The replacement of the start of a text, and the length of that start in bytes.
    fn next<'a>(&'a self, text: &'a str) -> (&'a str, usize) {
        if let Some(length) = self.symbols.longest(text) {
            return (&text[..length], length);
        }
        if let Some((length, replacement)) = self.map.as_ref().and_then(|map| map.longest(text)) {
            return (replacement, length);
        }
        let length = text.chars().next().map_or(0, char::len_utf8);
        (&text[..length], length)
    }
}

impl Normalized {
    fn push(&mut self, part: &str, origin: usize) {
        self.text.push_str(part);
        self.origins.resize(self.text.len(), origin);
    }
}
