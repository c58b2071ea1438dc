//! Oddities of a split's texts, which are probably mistakes: counted before the first step, but kept.

use std::collections::HashSet;

use any2any_adapter::Value;
use serde::{Deserialize, Serialize};

/// Counts of odd texts in a split. Values other than texts are not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Oddities {
    /// Samples whose source has nothing but spaces.
    pub empty_sources: usize,
    /// Samples whose target has nothing but spaces.
    pub empty_targets: usize,
    /// Samples that equal an earlier one of the split on both sides.
    pub duplicates: usize,
    /// Samples whose target equals their source.
    pub identical: usize,
}

impl Oddities {
    /// Counts over the opened values of a split; `sources` is empty for a task that has none, and `copies` says that
    /// both sides are meant to be equal.
    pub(crate) fn of(sources: &[Value], targets: &[Value], copies: bool) -> Self {
        let mut counts = Self::default();
        let mut seen = HashSet::new();
        for (number, target) in targets.iter().enumerate() {
            if let Some(texts) = counts.count(sources.get(number), target, copies) {
                counts.duplicates += usize::from(!seen.insert(texts));
            }
        }
        counts
    }

    /// Counts a sample in all but duplicates, and gives the texts by which it may be one.
    pub(crate) fn count<'v>(
        &mut self,
        source: Option<&'v Value>,
        target: &'v Value,
        copies: bool,
    ) -> Option<(Option<&'v str>, &'v str)> {
        self.empty_sources += usize::from(source.is_some_and(is_blank));
        self.empty_targets += usize::from(is_blank(target));
        let target = target.as_text()?;
        let source = match source {
            Some(source) => Some(source.as_text()?),
            None => None,
        };
        if target.trim().is_empty() && source.is_none_or(|source| source.trim().is_empty()) {
            return None;
        }
        self.identical += usize::from(source == Some(target) && !copies);
        Some((source, target))
    }

    /// The counts that are not zero, in words.
    pub fn words(&self) -> Vec<String> {
        let counts = [
            (self.empty_sources, "an empty source"),
            (self.empty_targets, "an empty target"),
            (self.identical, "the same text as source and target"),
            (self.duplicates, "the same texts as an earlier one"),
        ];
        let counts = counts.into_iter().filter(|&(count, _)| count > 0);
        let verb = |count| if count == 1 { "sample has" } else { "samples have" };
        counts.map(|(count, what)| format!("{count} {} {what}", verb(count))).collect()
    }
}

/// True for a text of nothing but spaces.
pub(crate) fn is_blank(value: &Value) -> bool {
    value.as_text().is_some_and(|text| text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pairs: &[(&str, &str)], copies: bool, expected: &str) {
        let sources: Vec<Value> = pairs.iter().map(|&(source, _)| Value::from(source)).collect();
        let targets: Vec<Value> = pairs.iter().map(|&(_, target)| Value::from(target)).collect();
        assert_eq!(Oddities::of(&sources, &targets, copies).words().join("; "), expected);
    }

    #[test]
    fn texts_that_are_not_meant_are_counted() {
        check(&[("a", "b"), ("a", "c"), ("b", "b c")], false, "");
        check(&[("", "b"), (" \t", "c"), ("a", "\u{3000}")], false, {
            "2 samples have an empty source; 1 sample has an empty target"
        });
        check(&[("a", "b"), ("a", "b"), ("a", "b"), ("b", "a")], false, {
            "2 samples have the same texts as an earlier one"
        });
        check(&[("a", "a"), ("b", "a")], false, "1 sample has the same text as source and target");
        check(&[("a", "a"), ("b", "b")], true, "");
        check(&[("", ""), ("", "")], false, {
            "2 samples have an empty source; 2 samples have an empty target"
        });
        let targets = ["a", "b", "a"].map(Value::from);
        let duplicate = "1 sample has the same texts as an earlier one";
        assert_eq!(Oddities::of(&[], &targets, false).words().join("; "), duplicate);
    }
}
