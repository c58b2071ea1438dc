//! Translation edit rate (Snover et al., "A Study of Translation Edit Rate with Targeted Human Annotation",
//! 2006): the edits, shifts of phrases included, that make a hypothesis equal to its reference, as sacreBLEU
//! computes it after Tercom.

mod distance;
mod normalization;
mod shift;

use crate::metric::corpus_score;
use crate::ngrams::Interner;
use crate::score::yes_no;
use crate::whitespace::words;
use crate::{Metric, MetricsError, Score};

/// The options of TER; the defaults are sacreBLEU's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ter {
    /// Separate punctuation from words, and resolve entities.
    pub normalized: bool,
    /// Remove punctuation.
    pub no_punctuation: bool,
    /// Separate Chinese and Japanese characters under `normalized`, and remove their marks under `no_punctuation`.
    pub asian_support: bool,
    /// Distinguish upper and lower case.
    pub case_sensitive: bool,
}

/// TER of a corpus. Lower is better.
///
/// Each element of `references` is one set of references, as long as `hypotheses`.
///
/// # Errors
///
/// When there is nothing to score, or numbers of lines differ.
pub fn ter<H: AsRef<str>, R: AsRef<str>>(
    hypotheses: &[H],
    references: &[&[R]],
    options: &Ter,
) -> Result<Score, MetricsError> {
    corpus_score(options, hypotheses, references)
}

impl Metric for Ter {
    fn name(&self) -> String {
        "TER".to_owned()
    }

    fn options(&self) -> Option<String> {
        Some(format!(
            "case:{}|tok:tercom|norm:{}|punct:{}|asian:{}",
            if self.case_sensitive { "mixed" } else { "lc" },
            yes_no(self.normalized),
            yes_no(!self.no_punctuation),
            yes_no(self.asian_support)
        ))
    }

    /// The edits towards the reference that needs the fewest, and the mean length of all references.
    fn statistics(&self, hypothesis: &str, references: &[&str]) -> Vec<f64> {
        let hypothesis = self.normalize(hypothesis);
        let references: Vec<String> = references.iter().map(|reference| self.normalize(reference)).collect();
        let mut interner = Interner::default();
        let hypothesis = interner.numbers(words(&hypothesis));
        let references: Vec<Vec<u32>> =
            references.iter().map(|reference| interner.numbers(words(reference))).collect();

        let edits = references.iter().map(|reference| shift::edits(&hypothesis, reference)).min();
        let length: usize = references.iter().map(Vec::len).sum();
        vec![edits.unwrap_or(0) as f64, length as f64 / references.len().max(1) as f64]
    }

    fn value(&self, totals: &[f64]) -> f64 {
        match *totals {
            [edits, length] if length > 0.0 => 100.0 * (edits / length),
            [edits, _] if edits > 0.0 => 100.0,
            _ => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_by_hand() {
        let cases = [
            // One phrase moved: one shift.
            ("c d a b", "a b c d", 25.0),
            // One shift, two substitutions, one word missing, towards 11 words.
            (
                "last night they found the old boat near our pier",
                "they saw the old boat drifting near that pier last night",
                400.0 / 11.0,
            ),
            ("", "a b", 100.0),
            ("a", "", 100.0),
            ("", "", 0.0),
        ];
        for (hypothesis, reference, expected) in cases {
            let score = ter(&[hypothesis], &[&[reference]], &Ter::default()).expect("one line each");
            assert!((score.value - expected).abs() < 1e-9, "{hypothesis}: {score}");
        }
    }
}
