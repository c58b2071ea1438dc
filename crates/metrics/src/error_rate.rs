//! Word and character error rate, as jiwer computes them with its default transformations.
//!
//! These scores are per cent, like all others, while jiwer gives a fraction, which is [`Edits::rate`].

use crate::levenshtein::Edits;
use crate::metric::{check_lengths, corpus_score};
use crate::ngrams::Interner;
use crate::whitespace::is_space;
use crate::{Metric, MetricsError, Score};

/// The share of units that must be edited to turn each hypothesis into its reference: of several references,
/// into the one that makes the lowest rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorRate {
    /// Unit of the edits.
    pub unit: Unit,
}

/// Unit that an error rate counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unit {
    /// Words, parted by spaces.
    Word,
    /// Characters, spaces inside the line included.
    Character,
}

/// The word error rate of a corpus, in per cent.
///
/// # Errors
///
/// When there is nothing to score, or numbers of lines differ.
pub fn word_error_rate<H: AsRef<str>, R: AsRef<str>>(
    hypotheses: &[H],
    references: &[R],
) -> Result<Score, MetricsError> {
    corpus_score(&ErrorRate { unit: Unit::Word }, hypotheses, &[references])
}

/// The character error rate of a corpus, in per cent.
///
/// # Errors
///
/// When there is nothing to score, or numbers of lines differ.
pub fn character_error_rate<H: AsRef<str>, R: AsRef<str>>(
    hypotheses: &[H],
    references: &[R],
) -> Result<Score, MetricsError> {
    corpus_score(&ErrorRate { unit: Unit::Character }, hypotheses, &[references])
}

/// The edits of a corpus.
///
/// # Errors
///
/// When there is nothing to score, or numbers of lines differ.
pub fn edits<H: AsRef<str>, R: AsRef<str>>(
    unit: Unit,
    hypotheses: &[H],
    references: &[R],
) -> Result<Edits, MetricsError> {
    check_lengths(hypotheses.len(), std::iter::once(references.len()))?;
    let mut total = Edits::default();
    for (hypothesis, reference) in hypotheses.iter().zip(references) {
        total += unit.edits(hypothesis.as_ref(), reference.as_ref());
    }
    Ok(total)
}

impl Unit {
    fn edits(self, hypothesis: &str, reference: &str) -> Edits {
        match self {
            Unit::Word => {
                let (hypothesis, reference) = (collapse_spaces(hypothesis), collapse_spaces(reference));
                let mut interner = Interner::default();
                let mut words = |line| interner.numbers(spaced_words(line));
                Edits::between(&words(&reference), &words(&hypothesis))
            }
            Unit::Character => {
                let characters = |line: &str| line.trim_matches(is_space).chars().collect::<Vec<_>>();
                Edits::between(&characters(reference), &characters(hypothesis))
            }
        }
    }
}

/// Makes one space of two or more white space characters; one alone stays what it is.
fn collapse_spaces(line: &str) -> String {
    let mut collapsed = String::with_capacity(line.len());
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        let mut repeated = false;
        while is_space(character) && characters.next_if(|&next| is_space(next)).is_some() {
            repeated = true;
        }
        collapsed.push(if repeated { ' ' } else { character });
    }
    collapsed
}

/// Only the space itself parts words: a single tab or no-break space belongs to its word.
fn spaced_words(line: &str) -> impl Iterator<Item = &str> {
    line.trim_matches(is_space).split(' ').filter(|word| !word.is_empty())
}

impl Metric for ErrorRate {
    fn name(&self) -> String {
        match self.unit {
            Unit::Word => "WER".to_owned(),
            Unit::Character => "CER".to_owned(),
        }
    }

    fn options(&self) -> Option<String> {
        None
    }

    fn statistics(&self, hypothesis: &str, references: &[&str]) -> Vec<f64> {
        let edits = references.iter().map(|reference| self.unit.edits(hypothesis, reference));
        let best = edits.min_by(|a, b| a.rate().total_cmp(&b.rate())).unwrap_or_default();
        [best.hits, best.substitutions, best.deletions, best.insertions].map(|count| count as f64).to_vec()
    }

    fn value(&self, totals: &[f64]) -> f64 {
        100.0 * read(totals).rate()
    }

    fn detail(&self, totals: &[f64]) -> Option<String> {
        let Edits { hits, substitutions, deletions, insertions } = read(totals);
        Some(format!("(hits = {hits} sub = {substitutions} del = {deletions} ins = {insertions})"))
    }
}

fn read(totals: &[f64]) -> Edits {
    let at = |index: usize| totals.get(index).map_or(0, |&count| count as usize);
    Edits { hits: at(0), substitutions: at(1), deletions: at(2), insertions: at(3) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_in_per_cent() {
        let (hypotheses, references) = (["a cat sat", "here"], ["the cat sat down", "here"]);
        let words = word_error_rate(&hypotheses, &references).expect("two lines each");
        assert_eq!(words.to_string(), "WER = 40.00 (hits = 3 sub = 1 del = 1 ins = 0)");
        let characters = character_error_rate(&["ab d"], &["abcd"]).expect("one line each");
        assert_eq!(characters.to_string(), "CER = 25.00 (hits = 3 sub = 1 del = 0 ins = 0)");
    }

    #[test]
    fn the_closest_reference_counts() {
        let score = corpus_score(&ErrorRate { unit: Unit::Word }, &["a b"], &[&["a c"], &["a b"]]);
        assert_eq!(score.expect("one line each").value, 0.0);
    }

    #[test]
    fn an_empty_reference_counts_insertions() {
        let total = edits(Unit::Word, &["a b c"], &[""]).expect("one line each");
        assert_eq!((total.insertions, total.rate()), (3, 3.0));
    }
}
