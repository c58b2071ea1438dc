//! The pieces of a trained vocabulary, and the way from pieces back to text.

use std::ops::Range;

use crate::error::TextError;
use crate::hf_format::CONTINUED;
use crate::normalization::whole_characters;
use crate::special::{SPECIAL, SpecialTokens};
use crate::words::SPACE;

/// Replacement character, for an unknown token and for bytes that are no UTF-8.
pub(crate) const REPLACEMENT: &str = "\u{fffd}";

/// The pieces of a trained vocabulary, by number.
#[derive(Debug)]
pub(crate) struct Pieces {
    names: Vec<String>,
    pieces: Vec<Piece>,
    /// True if a text starts with a space that is not its own.
    marked: bool,
}

#[derive(Debug)]
enum Piece {
    Nothing,
    Unknown,
    Byte(u8),
    /// An added token, which is written as it stands.
    Added(String),
    Text(String),
}

/// A text, and the bytes that each token gave.
pub(crate) type Spelled = (String, Vec<Range<usize>>);

impl Pieces {
    /// Pieces from their names in the vocabulary, in which `added` tokens follow the special ones.
    pub(crate) fn new(names: Vec<String>, added: usize, bytes: bool, marked: bool, continued: bool) -> Self {
        let added = SPECIAL.len() as u32..(SPECIAL.len() + added) as u32;
        let meaning = |(token, name): (u32, &String)| {
            if added.contains(&token) {
                Piece::Added(name.clone())
            } else if Some(token) == SpecialTokens::TRAINED.unknown {
                Piece::Unknown
            } else if SpecialTokens::TRAINED.contain(token) {
                Piece::Nothing
            } else if let Some(byte) = byte_of(name).filter(|_| bytes) {
                Piece::Byte(byte)
            } else {
                let name = if continued { name.strip_prefix(CONTINUED).unwrap_or(name) } else { name };
                Piece::Text(if marked { name.replace(SPACE, " ") } else { name.to_owned() })
            }
        };
        let pieces = (0..).zip(&names).map(meaning).collect();
        Self { names, pieces, marked }
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// The name of a token in the vocabulary.
    pub(crate) fn name(&self, token: u32) -> Option<&str> {
        self.names.get(token as usize).map(String::as_str)
    }

    pub(crate) fn is_byte(&self, token: u32) -> bool {
        matches!(self.pieces.get(token as usize), Some(Piece::Byte(_)))
    }

    /// Tokens as text.
    pub(crate) fn spell(&self, tokens: &[u32]) -> Result<Spelled, TextError> {
        let mut bytes = Vec::new();
        let mut ranges = Vec::with_capacity(tokens.len());
        let mut first = self.marked;
        for &token in tokens {
            let outside = || TextError::OutsideVocabulary { token, vocabulary: self.len() };
            let start = bytes.len();
            match self.pieces.get(token as usize).ok_or_else(outside)? {
                Piece::Nothing => {}
                Piece::Unknown => bytes.extend_from_slice(REPLACEMENT.as_bytes()),
                Piece::Byte(byte) => bytes.push(*byte),
                Piece::Added(name) => bytes.extend_from_slice(name.as_bytes()),
                Piece::Text(text) if first => {
                    bytes.extend_from_slice(text.strip_prefix(' ').unwrap_or(text).as_bytes());
                }
                Piece::Text(text) => bytes.extend_from_slice(text.as_bytes()),
            }
            first &= matches!(self.pieces[token as usize], Piece::Nothing);
            ranges.push(start..bytes.len());
        }
        Ok(repair(bytes, ranges))
    }
}

/// The byte that a token stands for: `<0x0A>`.
pub(crate) fn byte_of(name: &str) -> Option<u8> {
    let byte = u8::from_str_radix(name.strip_prefix("<0x")?.strip_suffix('>')?, 16).ok()?;
    (byte_name(byte) == name).then_some(byte)
}

/// The token of a byte.
pub(crate) fn byte_name(byte: u8) -> String {
    format!("<0x{byte:02X}>")
}

/// Bytes as text: what is no UTF-8 is replaced, and ranges are widened to whole characters.
fn repair(bytes: Vec<u8>, mut ranges: Vec<Range<usize>>) -> Spelled {
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let bytes = error.as_bytes();
            let mut text = String::with_capacity(bytes.len());
            // The range of the repaired text for each byte of the broken one, and for its end.
            let mut places: Vec<Range<usize>> = Vec::with_capacity(bytes.len());
            for chunk in bytes.utf8_chunks() {
                places.extend((text.len()..).take(chunk.valid().len()).map(|at| at..at + 1));
                text.push_str(chunk.valid());
                if !chunk.invalid().is_empty() {
                    let replaced = text.len()..text.len() + REPLACEMENT.len();
                    places.extend(chunk.invalid().iter().map(|_| replaced.clone()));
                    text.push_str(REPLACEMENT);
                }
            }
            for range in &mut ranges {
                *range = match places.get(range.clone()) {
                    Some([first, .., last]) => first.start..last.end,
                    Some([only]) => only.clone(),
                    _ => 0..0,
                };
            }
            text
        }
    };
    let ranges = ranges.into_iter().map(|range| whole_characters(&text, range)).collect();
    (text, ranges)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(marked: bool, names: &[&str]) -> Pieces {
        let names =
            ["<pad>", "<unk>", "<s>", "</s>"].iter().chain(names).map(|name| (*name).to_owned()).collect();
        Pieces::new(names, 0, true, marked, true)
    }

    #[test]
    fn tokens_become_text_and_know_their_part() {
        let marked = pieces(true, &["▁Hund", "##e", "▁", "<0xC3>", "<0xBC>", "."]);
        let plain = pieces(false, &["▁", "<0xC3>", "<0xBC>", " "]);
        for (pieces, tokens, expected) in [
            (&marked, vec![4, 5, 9], vec!["Hund", "e", "."]),
            (&marked, vec![4, 4], vec!["Hund", " Hund"]),
            (&marked, vec![6, 4, 6], vec!["", " Hund", " "]),
            (&marked, vec![2, 4, 3, 0], vec!["", "Hund", "", ""]),
            (&marked, vec![4, 1, 5], vec!["Hund", "\u{fffd}", "e"]),
            (&marked, vec![9, 4], vec![".", " Hund"]),
            (&marked, vec![7, 8, 5], vec!["ü", "ü", "e"]),
            (&marked, vec![8, 5, 7], vec!["\u{fffd}", "e", "\u{fffd}"]),
            (&plain, vec![7, 4, 5, 6, 7], vec![" ", "▁", "ü", "ü", " "]),
            (&marked, vec![], vec![]),
        ] {
            let (text, ranges) = pieces.spell(&tokens).expect("tokens of the vocabulary");
            let parts: Vec<&str> = ranges.into_iter().map(|range| &text[range]).collect();
            assert_eq!(parts, expected, "{tokens:?} gave {text:?}");
        }
        let error = marked.spell(&[4, 10]).expect_err("the last is 9").to_string();
        assert!(error.contains("token 10 is outside the vocabulary of 10 tokens"), "{error}");
    }
}
