//! Accuracy: the shares of segments, of characters and of tokens that are exactly right.

use crate::metric::{check_lengths, corpus_score};
use crate::{Metric, MetricsError, Score};

/// The share of segments that equal one of their references to the last character.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExactMatch;

/// The share of segments that equal their reference to the last character, in per cent.
///
/// # Errors
///
/// When there is nothing to score, or numbers of lines differ.
pub fn exact_match<H: AsRef<str>, R: AsRef<str>>(
    hypotheses: &[H],
    references: &[R],
) -> Result<Score, MetricsError> {
    corpus_score(&ExactMatch, hypotheses, &[references])
}

impl Metric for ExactMatch {
    fn name(&self) -> String {
        "exact match".to_owned()
    }

    fn options(&self) -> Option<String> {
        None
    }

    fn statistics(&self, hypothesis: &str, references: &[&str]) -> Vec<f64> {
        vec![f64::from(u8::from(references.contains(&hypothesis))), 1.0]
    }

    fn value(&self, totals: &[f64]) -> f64 {
        match *totals {
            [right, all] if all > 0.0 => 100.0 * right / all,
            _ => 0.0,
        }
    }

    fn detail(&self, totals: &[f64]) -> Option<String> {
        match totals {
            [right, all] => Some(format!("({right} of {all} lines)")),
            _ => None,
        }
    }
}

/// The share of characters that stand at their place, where the reference has no gap.
///
/// A gap is `-`, as in alignments of proteins, where the right character is unknown, so it does not count. Characters
/// that are missing count as wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CharacterAccuracy;

impl Metric for CharacterAccuracy {
    fn name(&self) -> String {
        "character accuracy".to_owned()
    }

    fn options(&self) -> Option<String> {
        None
    }

    fn statistics(&self, hypothesis: &str, references: &[&str]) -> Vec<f64> {
        let count = |reference: &&str| {
            let mut written = hypothesis.chars();
            let (mut right, mut all) = (0.0, 0.0);
            for wanted in reference.chars() {
                let written = written.next();
                if wanted != '-' {
                    all += 1.0;
                    right += f64::from(u8::from(written == Some(wanted)));
                }
            }
            [right, all]
        };
        let best = references.iter().map(count).max_by(|a, b| (a[0] * b[1]).total_cmp(&(b[0] * a[1])));
        best.unwrap_or_default().to_vec()
    }

    fn value(&self, totals: &[f64]) -> f64 {
        ExactMatch.value(totals)
    }

    fn detail(&self, totals: &[f64]) -> Option<String> {
        match totals {
            [right, all] => Some(format!("({right} of {all} characters)")),
            _ => None,
        }
    }
}

/// The share of positions at which both sequences have the same token, in per cent.
///
/// A segment has as many positions as the longer of its two sequences, so tokens that are missing and
/// tokens that are too many count as wrong.
///
/// # Errors
///
/// When there is not a single token, or numbers of sequences differ.
pub fn token_accuracy<T: PartialEq, H: AsRef<[T]>, R: AsRef<[T]>>(
    hypotheses: &[H],
    references: &[R],
) -> Result<Score, MetricsError> {
    check_lengths(hypotheses.len(), std::iter::once(references.len()))?;
    let (mut right, mut all) = (0_usize, 0_usize);
    for (hypothesis, reference) in hypotheses.iter().zip(references) {
        let (of_right, of_all) = right_tokens(hypothesis.as_ref(), reference.as_ref());
        (right, all) = (right + of_right, all + of_all);
    }
    if all == 0 {
        return Err(MetricsError::Empty);
    }
    let score = Score::new("token accuracy", 100.0 * right as f64 / all as f64);
    Ok(score.with_detail(format!("({right} of {all} tokens)")))
}

/// Number of positions of one segment with the same token, and number of its positions.
pub fn right_tokens<T: PartialEq>(hypothesis: &[T], reference: &[T]) -> (usize, usize) {
    let right = hypothesis.iter().zip(reference).filter(|(h, r)| h == r).count();
    (right, hypothesis.len().max(reference.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_match_to_the_last_character() {
        let score = exact_match(&["a", "b ", "C", ""], &["a", "b", "c", ""]).expect("four lines each");
        assert_eq!(score.to_string(), "exact match = 50.00 (2 of 4 lines)");
    }

    #[test]
    fn missing_and_extra_tokens_are_wrong() {
        let cases: [(&[u32], &[u32], f64); 4] = [
            (&[1, 2, 3, 4], &[1, 2, 3, 4], 100.0),
            (&[1, 2], &[1, 2, 3, 4], 50.0),
            (&[1, 2, 3, 4], &[1], 25.0),
            (&[2, 1], &[1, 2], 0.0),
        ];
        for (hypothesis, reference, expected) in cases {
            let score = token_accuracy(&[hypothesis], &[reference]).expect("one sequence each");
            assert_eq!(score.value, expected, "{hypothesis:?} {reference:?}");
        }
        let nothing: [&[u32]; 1] = [&[]];
        assert_eq!(token_accuracy(&nothing, &nothing), Err(MetricsError::Empty));
    }

    #[test]
    fn gaps_of_the_reference_do_not_count() {
        for (hypothesis, reference, expected) in [
            ("HHEC", "HHEE", [3.0, 4.0]),
            ("HHE", "HHEE", [3.0, 4.0]),
            ("HCE", "H-E", [2.0, 2.0]),
            ("", "--", [0.0, 0.0]),
            ("HHHHHH", "HH", [2.0, 2.0]),
        ] {
            assert_eq!(CharacterAccuracy.statistics(hypothesis, &[reference]), expected);
        }
    }
}
