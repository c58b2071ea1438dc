//! The longest piece first, of those that are not passed over at random (Hiraoka, "MaxMatch-Dropout: Subword
//! Regularization for WordPiece", 2022). Single characters are never passed over.

use any2any_adapter::Random;
use serde_json::Value as Json;

use super::Piece;
use crate::sentencepiece::Trie;

/// The pieces of a WordPiece model in the format of `tokenizer.json`.
pub(crate) struct LongestMatch {
    /// Pieces that start a word.
    starting: Trie,
    /// Pieces inside a word, without their prefix.
    continued: Trie,
    most_characters: usize,
}

impl LongestMatch {
    pub(super) fn new(model: &Json) -> Option<Self> {
        let prefix = model["continuing_subword_prefix"].as_str().unwrap_or("##");
        let vocabulary = model["vocab"].as_object()?.iter();
        let pieces: Vec<(&str, u32)> = vocabulary
            .map(|(name, token)| Some((name.as_str(), u32::try_from(token.as_u64()?).ok()?)))
            .collect::<Option<_>>()?;
        let whole = pieces.iter().copied().filter(|(name, _)| !name.is_empty());
        let inside = pieces.iter().filter_map(|(name, token)| Some((name.strip_prefix(prefix)?, *token)));
        Some(Self {
            starting: Trie::new(whole),
            continued: Trie::new(inside.filter(|(name, _)| !name.is_empty())),
            most_characters: model["max_input_chars_per_word"].as_u64()? as usize,
        })
    }

    /// The pieces of a word; `None` if what is drawn leads nowhere, or the word is too long.
    pub(super) fn cut(&self, word: &str, dropout: f64, random: &mut Random) -> Option<Vec<Piece>> {
        if word.chars().count() > self.most_characters {
            return None;
        }
        let mut pieces = Vec::new();
        let mut start = 0;
        while let Some(character) = word[start..].chars().next() {
            let trie = if start == 0 { &self.starting } else { &self.continued };
            let mut longest = None;
            for (length, token) in trie.prefixes(&word[start..]) {
                if length == character.len_utf8() || dropout == 0.0 || random.unit() >= dropout {
                    longest = Some((token, start..start + length));
                }
            }
            let (token, range) = longest?;
            start = range.end;
            pieces.push((token, range));
        }
        Some(pieces)
    }
}

#[cfg(test)]
mod tests {
    use any2any_adapter::Seed;
    use serde_json::json;

    use super::*;

    #[test]
    fn longer_pieces_are_passed_over_as_often_as_asked() {
        let model = json!({
            "max_input_chars_per_word": 9, "continuing_subword_prefix": "##",
            "vocab": { "a": 0, "ab": 1, "abc": 2, "##b": 3, "##c": 4, "##bc": 5 },
        });
        let pieces = LongestMatch::new(&model).expect("a model");
        let cut = |word: &str, dropout: f64, step| {
            let drawn = pieces.cut(word, dropout, &mut Seed(2).random("longest", step));
            drawn.map(|pieces| pieces.into_iter().map(|(token, _)| token).collect::<Vec<u32>>())
        };
        assert_eq!(cut("abc", 0.0, 0), Some(vec![2]));
        assert_eq!(cut("abc", 1.0, 0), Some(vec![0, 3, 4]));
        assert_eq!((cut("abx", 0.0, 0), cut("aaaaaaaaaa", 0.0, 0)), (None, None));
        let draws = 20_000;
        let share = |expected: &[u32]| {
            let found = (0..draws).filter(|step| cut("abc", 0.2, *step).as_deref() == Some(expected));
            found.count() as f64 / draws as f64
        };
        // `abc` is kept with 0.8; else `ab` with 0.8; else `a`, and behind it `##bc` with 0.8.
        for (tokens, probability) in
            [(&[2_u32][..], 0.8_f64), (&[1, 4], 0.16), (&[0, 5], 0.032), (&[0, 3, 4], 0.008)]
        {
            let tolerance = 5.0 * (probability * (1.0 - probability) / draws as f64).sqrt();
            assert!((share(tokens) - probability).abs() < tolerance, "{tokens:?}");
        }
    }
}
