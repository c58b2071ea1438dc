//! Words of a text that its sequence lacks: their tokens become the token for unknown text, or are left out.

use std::ops::Range;

use any2any_adapter::{Encoded, Random, Region, Sequence};

/// A text whose words may be dropped. Words stand between spaces.
pub(crate) struct WordDropout<'a> {
    pub(crate) text: &'a str,
    /// Parts of the text whose words stay: its added tokens.
    pub(crate) kept: Vec<Range<usize>>,
    /// The token for unknown text.
    pub(crate) unknown: Option<u32>,
}

impl WordDropout<'_> {
    /// Turns every token of a share of the words into the token for unknown text.
    pub(crate) fn drop(&self, share: f64, encoded: &mut Encoded, random: &mut Random) {
        let (Some(unknown), Sequence::Tokens(tokens)) = (self.unknown, &mut encoded.sequence) else { return };
        let drawn = self.drawn(share, random);
        for (token, region) in tokens.iter_mut().zip(&encoded.regions) {
            if covers(&drawn, region) {
                *token = unknown;
            }
        }
    }

    /// Leaves out a share of the words.
    pub(crate) fn delete(&self, share: f64, encoded: &mut Encoded, random: &mut Random) {
        let drawn = self.drawn(share, random);
        let Sequence::Tokens(tokens) = &mut encoded.sequence else { return };
        let stays: Vec<bool> = encoded.regions.iter().map(|region| !covers(&drawn, region)).collect();
        let mut stay = stays.iter();
        tokens.retain(|_| stay.next().copied().unwrap_or(true));
        let mut stay = stays.iter();
        encoded.regions.retain(|_| stay.next().copied().unwrap_or(true));
    }

    /// The words that are drawn, in their order. One word at least is not.
    fn drawn(&self, share: f64, random: &mut Random) -> Vec<Range<usize>> {
        if share == 0.0 {
            return Vec::new();
        }
        let words = self.words();
        let mut drawn: Vec<Range<usize>> = words.iter().filter(|_| random.unit() < share).cloned().collect();
        let count = self.text.split_whitespace().count();
        if drawn.len() == count && count > 0 {
            drawn.remove(random.below(count));
        }
        drawn
    }

    /// The words that may be dropped.
    fn words(&self) -> Vec<Range<usize>> {
        let mut words = Vec::new();
        let mut at = 0;
        for part in self.text.split_inclusive(char::is_whitespace) {
            let word = at..at + part.trim_end().len();
            at += part.len();
            let stays = self.kept.iter().any(|kept| kept.start < word.end && word.start < kept.end);
            if !word.is_empty() && !stays {
                words.push(word);
            }
        }
        words
    }
}

/// True if a token ends in one of some words; the space before a word belongs to it.
fn covers(words: &[Range<usize>], region: &Region) -> bool {
    let Region::Bytes(range) = region else { return false };
    let word = words.partition_point(|word| word.end < range.end);
    words.get(word).is_some_and(|word| word.start < range.end)
}

#[cfg(test)]
mod tests {
    use any2any_adapter::Seed;

    use super::*;

    const TEXT: &str = "ab  c <2de> d";

    fn dropout() -> WordDropout<'static> {
        let kept = TEXT.find("<2de>").map(|start| start..start + 5).into_iter().collect();
        WordDropout { text: TEXT, kept, unknown: Some(1) }
    }

    /// a, b, the two spaces, c with its space, the added token, d with its space, the end.
    fn encoded() -> Encoded {
        let ranges = [0..1, 1..2, 2..3, 3..5, 6..11, 11..13];
        let regions = ranges.map(Region::Bytes).into_iter().chain([Region::Nothing]).collect();
        Encoded { sequence: Sequence::Tokens(vec![10, 11, 12, 13, 14, 15, 3]), regions }
    }

    #[test]
    fn words_are_dropped_whole_and_others_stay() {
        let mut random = Seed(1).random("words", 0);
        let mut all = encoded();
        dropout().drop(1.0, &mut all, &mut random);
        assert_eq!(all.sequence.tokens(), Some(&[1, 1, 12, 1, 14, 1, 3][..]));
        assert_eq!(all.regions, encoded().regions);
        let mut all = encoded();
        dropout().delete(1.0, &mut all, &mut random);
        assert_eq!(all.sequence.tokens(), Some(&[12, 14, 3][..]));
        assert_eq!(all.regions.len(), 3);
        let mut none = encoded();
        dropout().drop(0.0, &mut none, &mut random);
        dropout().delete(0.0, &mut none, &mut random);
        assert_eq!((none.sequence, none.regions), (encoded().sequence, encoded().regions));
    }

    #[test]
    fn as_many_words_are_drawn_as_asked_and_one_stays() {
        let words = WordDropout { text: "a b c d e f g h i j", kept: Vec::new(), unknown: None };
        let draws = 5_000;
        let drawn = (0..draws).map(|step| words.drawn(0.3, &mut Seed(1).random("words", step)).len());
        let share = drawn.sum::<usize>() as f64 / (10 * draws) as f64;
        assert!((share - 0.3).abs() < 0.01, "{share}");
        let mut left = std::collections::BTreeSet::new();
        for step in 0..200 {
            let drawn = words.drawn(1.0, &mut Seed(1).random("words", step));
            assert_eq!(drawn.len(), 9);
            left.insert(drawn.first().map(|word| word.start));
        }
        assert!(left.len() > 1, "it is not always the same word that stays");
        let alone = WordDropout { text: " word ", ..words };
        assert!(alone.drawn(1.0, &mut Seed(1).random("words", 0)).is_empty());
    }
}
