//! Counts of words, texts and characters in the training split, in an order that depends on nothing else.

use std::collections::{BTreeSet, HashMap};

use any2any_adapter::{AdapterError, Value};

use crate::added::AddedTokens;
use crate::error::TextError;
use crate::normalization::Normalizer;
use crate::words::Marked;

/// Units of text and how often each occurs, in the order of the units.
#[derive(Debug, Default)]
pub(crate) struct Counts(pub(crate) Vec<(String, u64)>);

impl Counts {
    /// Words with their marks.
    pub(crate) fn words(
        normalizer: Normalizer,
        added: &AddedTokens,
        values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<Self, AdapterError> {
        Self::of(normalizer, added, values, |text, starts, count| {
            Marked::new(text, starts).words().for_each(|word| count(word.marked));
        })
    }

    /// Whole texts.
    pub(crate) fn texts(
        normalizer: Normalizer,
        added: &AddedTokens,
        values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<Self, AdapterError> {
        Self::of(normalizer, added, values, |text, _, count| count(text))
    }

    /// Characters.
    pub(crate) fn characters(
        normalizer: Normalizer,
        added: &AddedTokens,
        values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<Self, AdapterError> {
        Self::of(normalizer, added, values, |text, _, count| {
            text.chars().for_each(|character| count(character.encode_utf8(&mut [0; 4])));
        })
    }

    /// Counts the units that `units` cuts from each part of a normalised text between its added tokens; the second
    /// argument of `units` says whether the text starts there.
    fn of(
        normalizer: Normalizer,
        added: &AddedTokens,
        values: &mut dyn Iterator<Item = &Value>,
        units: impl Fn(&str, bool, &mut dyn FnMut(&str)),
    ) -> Result<Self, AdapterError> {
        let mut counts: HashMap<String, u64> = HashMap::new();
        let mut count = |unit: &str| match counts.get_mut(unit) {
            Some(count) => *count += 1,
            None => {
                counts.insert(unit.to_owned(), 1);
            }
        };
        for value in values {
            let normalized = normalizer.apply(value.as_text().ok_or(TextError::NotText)?, added);
            for part in normalized.parts.iter().filter(|part| part.added.is_none()) {
                units(&normalized.text[part.range.clone()], part.range.start == 0, &mut count);
            }
        }
        let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
        counts.sort_unstable();
        Ok(Self(counts))
    }

    /// Number of different characters.
    pub(crate) fn alphabet(&self) -> usize {
        self.0.iter().flat_map(|(unit, _)| unit.chars()).collect::<BTreeSet<_>>().len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The units that occur often enough, the most frequent first, equally frequent ones in their own order.
    pub(crate) fn by_frequency(self, min_frequency: u64) -> Vec<String> {
        let mut counts = self.0;
        counts.retain(|(_, count)| *count >= min_frequency);
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts.into_iter().map(|(unit, _)| unit).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Normalization;

    #[test]
    fn counts_are_in_order() {
        let values = [Value::from("b a b"), Value::from("a, b")];
        let normalizer = Normalizer { form: Normalization::Nfc, lowercase: false };
        let words = Counts::words(normalizer, &AddedTokens::default(), &mut values.iter()).expect("texts");
        let expected = [(",", 1), ("▁a", 2), ("▁b", 3)];
        assert_eq!(words.0, expected.map(|(word, count)| (word.to_owned(), count)));
        assert_eq!(words.by_frequency(2), ["▁b", "▁a"]);
        let texts =
            Counts::texts(normalizer, &AddedTokens::default(), &mut values.iter().chain([&Value::from("")]))
                .expect("texts");
        assert_eq!(texts.0, [("a, b".to_owned(), 1), ("b a b".to_owned(), 1)]);
        let added = AddedTokens::new(&[" b".to_owned()]).expect("one name");
        let words = Counts::words(normalizer, &added, &mut values.iter()).expect("texts");
        let expected = [(",", 1), ("▁a", 2), ("▁b", 1)];
        assert_eq!(words.0, expected.map(|(word, count)| (word.to_owned(), count)));
        let characters =
            Counts::characters(normalizer, &AddedTokens::default(), &mut values.iter()).expect("texts");
        let expected = [(" ", 3), (",", 1), ("a", 2), ("b", 3)];
        assert_eq!(characters.0, expected.map(|(c, count)| (c.to_owned(), count)));
    }
}
