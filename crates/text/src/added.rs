//! Added tokens: names that are one token wherever they are written in a text.

use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};

/// Automaton that finds the names of added tokens. Of two that start at the same place the longer one counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct AddedTokens {
    automaton: Option<AhoCorasick>,
}

/// A part of a text: the number of an added token, or text between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// The bytes of the text.
    pub(crate) range: Range<usize>,
    /// The number of the added token, from 0.
    pub(crate) added: Option<usize>,
}

impl AddedTokens {
    /// An automaton of these names.
    ///
    /// # Errors
    ///
    /// When there are too many names.
    pub(crate) fn new(names: &[String]) -> Result<Self, String> {
        let automaton = if names.is_empty() {
            None
        } else {
            let built = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(names);
            Some(built.map_err(|error| format!("the added tokens cannot be looked for: {error}"))?)
        };
        Ok(Self { automaton })
    }

    /// The parts of a text, none of them empty.
    pub(crate) fn parts(&self, text: &str) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut end = 0;
        for found in self.automaton.iter().flat_map(|automaton| automaton.find_iter(text)) {
            if end < found.start() {
                parts.push(Part { range: end..found.start(), added: None });
            }
            parts.push(Part { range: found.range(), added: Some(found.pattern().as_usize()) });
            end = found.end();
        }
        if end < text.len() {
            parts.push(Part { range: end..text.len(), added: None });
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_name_is_found_wherever_it_stands() {
        let names = ["<2de>", "<2d", "deu_Latn"].map(str::to_owned);
        let added = AddedTokens::new(&names).expect("few names");
        for (text, expected) in [
            ("", vec![]),
            ("plain", vec![("plain", None)]),
            ("<2de> a", vec![("<2de>", Some(0)), (" a", None)]),
            (
                "ä<2de><2dx>deu_Latn",
                vec![("ä", None), ("<2de>", Some(0)), ("<2d", Some(1)), ("x>", None), ("deu_Latn", Some(2))],
            ),
        ] {
            let parts: Vec<_> =
                added.parts(text).into_iter().map(|part| (&text[part.range], part.added)).collect();
            assert_eq!(parts, expected, "{text:?}");
        }
    }
}
