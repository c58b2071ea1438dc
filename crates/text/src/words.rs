//! Words: the units that pieces do not cross.
//!
//! As in SentencePiece (Kudo and Richardson 2018) a space is written as `▁` and belongs to the word that
//! follows it, and a text starts with one, so that a word at its start is the same as elsewhere. Unlike
//! there, the `▁` at the start is always added, also before a space: it can always be taken away again, and
//! no text is changed by going to pieces and back. A mark of punctuation is a word of its own.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// The character that stands for a space. One that a text has of its own is read as a space.
pub(crate) const SPACE: &str = "▁";

/// A word of a marked text. ASCII symbols are added by hand: Unicode counts them among the symbols, where
/// emoji and the mark itself are, too.
pub(crate) const WORD: &str = r"▁?[\p{P}$+<=>^`|~]|▁?[^▁\p{P}$+<=>^`|~\s]+|▁|\s";

static WORDS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(WORD).expect("the pattern is a constant, and tests compile it"));

/// A text whose spaces are marks, with one before its start when it does not follow an added token.
pub(crate) struct Marked<'a> {
    text: &'a str,
    marked: String,
    /// True if the mark at the start stands for no space.
    starts: bool,
}

/// A word of a marked text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word<'a> {
    /// The word with its mark.
    pub(crate) marked: &'a str,
    /// Byte offset of its start in the text without marks.
    start: usize,
    /// Number of bytes of that text that its mark stands for; none when it has no mark.
    mark: Option<usize>,
}

impl<'a> Marked<'a> {
    pub(crate) fn new(text: &'a str, starts: bool) -> Self {
        let mut marked = String::with_capacity(text.len() + text.len() / 2 + SPACE.len());
        if !text.is_empty() {
            if starts {
                marked.push_str(SPACE);
            }
            for (index, part) in text.split(' ').enumerate() {
                if index > 0 {
                    marked.push_str(SPACE);
                }
                marked.push_str(part);
            }
        }
        Self { text, marked, starts }
    }

    /// The words, which together are the whole text.
    pub(crate) fn words(&self) -> impl Iterator<Item = Word<'_>> {
        let mut start = 0;
        WORDS.find_iter(&self.marked).map(move |found| {
            let marked = found.as_str();
            let mark = marked.starts_with(SPACE).then(|| match found.start() {
                0 if self.starts => 0,
                _ if self.text[start..].starts_with(' ') => 1,
                _ => SPACE.len(),
            });
            let word = Word { marked, start, mark };
            start = word.unmarked(marked.len());
            word
        })
    }
}

impl Word<'_> {
    /// Bytes of the word as bytes of the text without marks.
    pub(crate) fn range(&self, range: Range<usize>) -> Range<usize> {
        self.unmarked(range.start)..self.unmarked(range.end)
    }

    fn unmarked(&self, offset: usize) -> usize {
        self.start
            + match self.mark {
                None => offset,
                Some(_) if offset < SPACE.len() => 0,
                Some(bytes) => offset - SPACE.len() + bytes,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_carry_their_space_and_cover_the_text() {
        for (text, expected) in [
            ("", vec![]),
            ("Ein Hund.", vec!["▁Ein", "▁Hund", "."]),
            ("  a (b", vec!["▁", "▁", "▁a", "▁(", "b"]),
            ("a\tb \n", vec!["▁a", "\t", "b", "▁", "\n"]),
            ("¿Qué $5?", vec!["▁¿", "Qué", "▁$", "5", "?"]),
            ("a▁b", vec!["▁a", "▁b"]),
            ("今天，好", vec!["▁今天", "，", "好"]),
            ("👩\u{200d}🚀 हिन्दी", vec!["▁👩\u{200d}🚀", "▁हिन्दी"]),
        ] {
            let marked = Marked::new(text, true);
            let words: Vec<Word<'_>> = marked.words().collect();
            assert_eq!(words.iter().map(|word| word.marked).collect::<Vec<_>>(), expected, "{text:?}");
            let mut end = 0;
            for word in &words {
                let range = word.range(0..word.marked.len());
                assert_eq!(range.start, end, "{text:?}");
                assert_eq!(
                    text[range.clone()].replace(' ', SPACE).trim_start_matches(SPACE),
                    word.marked.trim_start_matches(SPACE)
                );
                end = range.end;
            }
            assert_eq!(end, text.len(), "{text:?}");
        }
        for (text, expected, ranges) in
            [(" a", vec!["▁a"], vec![(0, 2)]), ("a  b", vec!["a", "▁", "▁b"], vec![(0, 1), (1, 2), (2, 4)])]
        {
            let marked = Marked::new(text, false);
            let words: Vec<Word<'_>> = marked.words().collect();
            assert_eq!(words.iter().map(|word| word.marked).collect::<Vec<_>>(), expected);
            let found = words.iter().map(|word| word.range(0..word.marked.len()));
            let found: Vec<_> = found.map(|range| (range.start, range.end)).collect();
            assert_eq!(found, ranges);
        }
    }
}
