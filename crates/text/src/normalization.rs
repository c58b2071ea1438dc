//! Normalisation that remembers where everything came from.
//!
//! A text is normalised in segments that cannot influence each other: a segment starts wherever a character
//! neither combines with what is before it nor is reordered against it (Unicode Standard Annex 15, section
//! "Stable Code Points"). The bytes of a normalised segment come from all bytes of the original one, so that
//! the region of a composed letter covers the letter and its accents. A segment that normalisation leaves
//! alone is taken character by character.

use std::borrow::Cow;
use std::ops::Range;

use unicode_normalization::char::{canonical_combining_class, decompose_canonical, decompose_compatible};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick, is_nfkc_quick};

use crate::added::{AddedTokens, Part};
use crate::options::Normalization;

/// Unicode normalisation and lower-casing of a text before it is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Normalizer {
    pub(crate) form: Normalization,
    pub(crate) lowercase: bool,
}

impl Normalizer {
    /// The text, normalised but for the added tokens in it.
    pub(crate) fn apply<'a>(&self, text: &'a str, added: &AddedTokens) -> Normalized<'a> {
        let parts = added.parts(text);
        let original = text.len();
        if parts.iter().all(|part| part.added.is_some() || self.is_identity(&text[part.range.clone()])) {
            return Normalized { original, text: Cow::Borrowed(text), parts, segments: Vec::new() };
        }
        let mut normalized = String::with_capacity(text.len());
        let (mut segments, mut normalized_parts) = (Vec::new(), Vec::with_capacity(parts.len()));
        for Part { range, added } in parts {
            let start = normalized.len();
            if added.is_some() {
                keep(&text[range.clone()], start, range.start, &mut segments);
                normalized.push_str(&text[range]);
            } else {
                self.apply_to_part(text, range, &mut normalized, &mut segments);
            }
            normalized_parts.push(Part { range: start..normalized.len(), added });
        }
        Normalized { original, text: Cow::Owned(normalized), parts: normalized_parts, segments }
    }

    fn apply_to_part(&self, text: &str, part: Range<usize>, to: &mut String, segments: &mut Vec<Segment>) {
        let mut start = part.start;
        let starts = text[part.clone()].char_indices().skip(1).filter(|(_, c)| self.starts_segment(*c));
        for end in starts.map(|(at, _)| part.start + at).chain([part.end]) {
            let at = to.len();
            self.push(&text[start..end], to);
            if to[at..] == text[start..end] {
                keep(&text[start..end], at, start, segments);
            } else {
                segments.push(Segment { normalized: at, original: start });
            }
            start = end;
        }
    }

    fn is_identity(&self, text: &str) -> bool {
        let in_form = text.is_ascii()
            || match self.form {
                Normalization::None => true,
                Normalization::Nfc => is_nfc_quick(text.chars()) == IsNormalized::Yes,
                Normalization::Nfkc => is_nfkc_quick(text.chars()) == IsNormalized::Yes,
            };
        in_form && (!self.lowercase || text.chars().all(|c| c.to_lowercase().eq([c])))
    }

    fn starts_segment(&self, character: char) -> bool {
        let mut first = None;
        let mut keep = |c| {
            first.get_or_insert(c);
        };
        match self.form {
            Normalization::None => return true,
            Normalization::Nfc => decompose_canonical(character, &mut keep),
            Normalization::Nfkc => decompose_compatible(character, &mut keep),
        }
        let first = first.unwrap_or(character);
        canonical_combining_class(first) == 0 && is_nfc_quick([first].into_iter()) == IsNormalized::Yes
    }

    fn push(&self, segment: &str, to: &mut String) {
        let mut add = |c: char| {
            if self.lowercase {
                to.extend(c.to_lowercase());
            } else {
                to.push(c);
            }
        };
        match self.form {
            Normalization::None => segment.chars().for_each(&mut add),
            Normalization::Nfc => segment.nfc().for_each(&mut add),
            Normalization::Nfkc => segment.nfkc().for_each(&mut add),
        }
    }
}

/// Copies a text that normalisation leaves alone, a segment for each character.
fn keep(text: &str, normalized: usize, original: usize, segments: &mut Vec<Segment>) {
    let characters = text.char_indices();
    segments.extend(characters.map(|(c, _)| Segment { normalized: normalized + c, original: original + c }));
}

/// A normalised text, and the way back to the original.
#[derive(Debug)]
pub(crate) struct Normalized<'a> {
    /// The normalised text.
    pub(crate) text: Cow<'a, str>,
    /// Its added tokens, and the text between them.
    pub(crate) parts: Vec<Part>,
    /// The bytes of the original.
    original: usize,
    /// The start of each segment, in both texts; none when nothing was changed.
    segments: Vec<Segment>,
}

#[derive(Clone, Copy, Debug)]
struct Segment {
    normalized: usize,
    original: usize,
}

impl Normalized<'_> {
    /// The bytes of the original that bytes of the normalised text come from, widened to whole characters.
    pub(crate) fn original(&self, range: Range<usize>) -> Range<usize> {
        let range = whole_characters(&self.text, range);
        if range.is_empty() || self.segments.is_empty() {
            return if self.segments.is_empty() {
                range
            } else {
                self.start(range.start)..self.start(range.start)
            };
        }
        let next = self.segments.partition_point(|segment| segment.normalized < range.end);
        let end = self.segments.get(next).map_or(self.original, |segment| segment.original);
        self.start(range.start)..end
    }

    fn start(&self, at: usize) -> usize {
        let next = self.segments.partition_point(|segment| segment.normalized <= at);
        self.segments[next - 1].original
    }
}

/// The range widened to where characters start and end; a range past the text is cut off.
pub(crate) fn whole_characters(text: &str, range: Range<usize>) -> Range<usize> {
    if range.start >= range.end {
        let at = text.floor_char_boundary(range.start);
        return at..at;
    }
    text.floor_char_boundary(range.start)..text.ceil_char_boundary(range.end)
}

#[cfg(test)]
mod tests {
    use any2any_adapter::Seed;

    use super::*;

    const NFC: Normalizer = Normalizer { form: Normalization::Nfc, lowercase: false };
    const NFKC: Normalizer = Normalizer { form: Normalization::Nfkc, lowercase: false };
    const LOWER: Normalizer = Normalizer { form: Normalization::Nfc, lowercase: true };

    #[test]
    fn every_normalised_character_comes_from_the_right_bytes() {
        // The original text of each normalised character.
        type Case = (Normalizer, &'static str, &'static [(&'static str, &'static str)]);
        let cases: &[Case] = &[
            (NFC, "Tür", &[("T", "T"), ("ü", "ü"), ("r", "r")]),
            (NFC, "Tu\u{308}r", &[("T", "T"), ("ü", "u\u{308}"), ("r", "r")]),
            (NFC, "a\u{323}\u{302}b", &[("ậ", "a\u{323}\u{302}"), ("b", "b")]),
            (NFC, "a\u{302}\u{323}b", &[("ậ", "a\u{302}\u{323}"), ("b", "b")]),
            (NFC, "\u{1112}\u{1161}\u{11ab}!", &[("한", "\u{1112}\u{1161}\u{11ab}"), ("!", "!")]),
            (NFC, "т\u{308}u\u{308}", &[("т", "т"), ("\u{308}", "\u{308}"), ("ü", "u\u{308}")]),
            (NFKC, "ﬁx", &[("f", "ﬁ"), ("i", "ﬁ"), ("x", "x")]),
            (NFKC, "ＡＢ", &[("A", "Ａ"), ("B", "Ｂ")]),
            (LOWER, "ÄB", &[("ä", "Ä"), ("b", "B")]),
            (LOWER, "İs", &[("i", "İ"), ("\u{307}", "İ"), ("s", "s")]),
            (LOWER, "U\u{308}", &[("ü", "U\u{308}")]),
        ];
        for (normalizer, text, expected) in cases {
            let normalized = normalizer.apply(text, &AddedTokens::default());
            let found: Vec<(String, &str)> = normalized
                .text
                .char_indices()
                .map(|(at, c)| (c.to_string(), &text[normalized.original(at..at + c.len_utf8())]))
                .collect();
            let expected: Vec<(String, &str)> =
                expected.iter().map(|(c, from)| ((*c).to_owned(), *from)).collect();
            assert_eq!(found, expected, "{text:?}");
        }
    }

    #[test]
    fn added_tokens_stay_as_they_are() {
        let added = AddedTokens::new(&["<2DE>".to_owned(), "ﬁ".to_owned()]).expect("two names");
        let normalizer = Normalizer { form: Normalization::Nfkc, lowercase: true };
        let text = "ＡＢ<2DE> ﬁ\u{308}";
        let normalized = normalizer.apply(text, &added);
        assert_eq!(normalized.text, "ab<2DE> ﬁ\u{308}");
        let parts: Vec<_> = normalized
            .parts
            .iter()
            .map(|part| (&text[normalized.original(part.range.clone())], part.added))
            .collect();
        let expected = [("ＡＢ", None), ("<2DE>", Some(0)), (" ", None), ("ﬁ", Some(1)), ("\u{308}", None)];
        assert_eq!(parts, expected);
    }

    #[test]
    fn segments_give_what_the_whole_text_gives() {
        let alphabet: Vec<char> =
            "aZe \u{301}\u{308}\u{323}\u{327}üÅﬁＡ한\u{1100}\u{1161}\u{11a8}\u{344}हि\u{93c}न्\u{9c7}\u{9be}☃\u{fb2c}\u{200d}\u{f73}".chars().collect();
        let mut random = Seed(5).random("normalization", 0);
        for _ in 0..3000 {
            let text: String =
                (0..random.below(12)).map(|_| alphabet[random.below(alphabet.len())]).collect();
            assert_eq!(
                NFC.apply(&text, &AddedTokens::default()).text,
                text.nfc().collect::<String>(),
                "{text:?}"
            );
            assert_eq!(
                NFKC.apply(&text, &AddedTokens::default()).text,
                text.nfkc().collect::<String>(),
                "{text:?}"
            );
            let normalized = NFC.apply(&text, &AddedTokens::default());
            assert_eq!(normalized.original(0..normalized.text.len()), 0..text.len(), "{text:?}");
        }
    }
}
