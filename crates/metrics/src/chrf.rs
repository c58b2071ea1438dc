//! chrF and chrF++: F-scores of character n-grams, and of word n-grams with them (Popović, "chrF: character
//! n-gram F-score for automatic MT evaluation", 2015; "chrF++: words helping character n-grams", 2017), as
//! sacreBLEU computes them.

use crate::metric::corpus_score;
use crate::ngrams::{Interner, matches, total};
use crate::score::yes_no;
use crate::whitespace::{is_space, words};
use crate::{Metric, MetricsError, Score};

/// The options of chrF; the defaults are sacreBLEU's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chrf {
    /// The longest n-grams of characters that count.
    pub character_order: usize,
    /// The longest n-grams of words that count: 0 for chrF, 2 for chrF++.
    pub word_order: usize,
    /// Weight of recall relative to precision.
    pub beta: u32,
    /// Ignore case.
    pub lowercase: bool,
    /// Count white space in the n-grams of characters.
    pub whitespace: bool,
    /// Count orders without n-grams as nearly 0, as the original script does, instead of leaving them out.
    pub epsilon_smoothing: bool,
}

impl Default for Chrf {
    fn default() -> Self {
        Self {
            character_order: 6,
            word_order: 0,
            beta: 2,
            lowercase: false,
            whitespace: false,
            epsilon_smoothing: false,
        }
    }
}

impl Chrf {
    /// chrF++: bigrams of words count too.
    pub fn plus_plus() -> Self {
        Self { word_order: 2, ..Self::default() }
    }
}

/// chrF of a corpus.
///
/// Each element of `references` is one set of references, as long as `hypotheses`.
///
/// # Errors
///
/// When there is nothing to score, or numbers of lines differ.
pub fn chrf<H: AsRef<str>, R: AsRef<str>>(
    hypotheses: &[H],
    references: &[&[R]],
    options: &Chrf,
) -> Result<Score, MetricsError> {
    corpus_score(options, hypotheses, references)
}

impl Chrf {
    fn prepare(&self, line: &str) -> String {
        if self.lowercase { line.to_lowercase() } else { line.to_owned() }
    }

    fn characters(&self, line: &str) -> Vec<u32> {
        line.chars().filter(|&character| self.whitespace || !is_space(character)).map(u32::from).collect()
    }

    /// Triples of hypothesis, reference and matched n-grams, order by order.
    fn row(&self, hypothesis: &str, reference: &str) -> Vec<f64> {
        let mut row =
            triples(&self.characters(hypothesis), &self.characters(reference), self.character_order);
        if self.word_order > 0 {
            let mut interner = Interner::default();
            let hypothesis = interner.numbers(words_and_punctuation(hypothesis));
            let reference = interner.numbers(words_and_punctuation(reference));
            row.extend(triples(&hypothesis, &reference, self.word_order));
        }
        row
    }

    fn f_score(&self, precision: f64, recall: f64) -> f64 {
        let factor = f64::from(self.beta).powi(2);
        let denominator = factor * precision + recall;
        if denominator > 0.0 { (1.0 + factor) * precision * recall / denominator } else { 0.0 }
    }

    /// The mean of the orders' F-scores, an order without n-grams being nearly 0.
    fn smoothed(&self, totals: &[f64]) -> f64 {
        const EPSILON: f64 = 1e-16;
        let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { EPSILON };
        let scores = totals.chunks_exact(3).map(|counts| {
            let (precision, recall) = (share(counts[2], counts[0]), share(counts[2], counts[1]));
            if precision + recall > 0.0 { self.f_score(precision, recall) } else { EPSILON }
        });
        let orders = self.character_order + self.word_order;
        if orders == 0 { 0.0 } else { 100.0 * scores.sum::<f64>() / orders as f64 }
    }
}

/// For each order: the n-grams of the hypothesis, of the reference, and those that match. Those of the
/// hypothesis do not count when the reference is too short to have any.
fn triples(hypothesis: &[u32], reference: &[u32], orders: usize) -> Vec<f64> {
    let triple = |(order, matched): (usize, usize)| {
        let of_reference = total(reference.len(), order);
        let of_hypothesis = if of_reference > 0 { total(hypothesis.len(), order) } else { 0 };
        [of_hypothesis as f64, of_reference as f64, matched as f64]
    };
    (1..).zip(matches(hypothesis, &[reference], orders)).flat_map(triple).collect()
}

/// The words of a line, one punctuation mark set off from each: the last character, or else the first.
fn words_and_punctuation(line: &str) -> impl Iterator<Item = &str> {
    words(line).flat_map(|word| {
        let (first, last) = (word.chars().next(), word.chars().next_back());
        let is_mark = |character: Option<char>| character.is_some_and(|c| c.is_ascii_punctuation());
        // Marks are ASCII, so one byte long.
        let cut = match word.len() {
            1 => word.len(),
            length if is_mark(last) => length - 1,
            _ if is_mark(first) => 1,
            length => length,
        };
        let (head, tail) = word.split_at(cut);
        std::iter::once(head).chain((!tail.is_empty()).then_some(tail))
    })
}

impl Metric for Chrf {
    fn name(&self) -> String {
        format!("chrF{}{}", self.beta, "+".repeat(self.word_order))
    }

    fn options(&self) -> Option<String> {
        Some(format!(
            "case:{}|eff:{}|nc:{}|nw:{}|space:{}",
            if self.lowercase { "lc" } else { "mixed" },
            yes_no(!self.epsilon_smoothing),
            self.character_order,
            self.word_order,
            yes_no(self.whitespace)
        ))
    }

    /// The counts against the reference that gives the best score; of equals, the first.
    fn statistics(&self, hypothesis: &str, references: &[&str]) -> Vec<f64> {
        let hypothesis = self.prepare(hypothesis);
        let mut best: Option<(f64, Vec<f64>)> = None;
        for reference in references {
            let row = self.row(&hypothesis, &self.prepare(reference));
            let value = self.value(&row);
            if best.as_ref().is_none_or(|(best, _)| value > *best) {
                best = Some((value, row));
            }
        }
        best.map(|(_, row)| row).unwrap_or_default()
    }

    fn value(&self, totals: &[f64]) -> f64 {
        if self.epsilon_smoothing {
            return self.smoothed(totals);
        }
        let (mut precision, mut recall, mut orders) = (0.0, 0.0, 0.0);
        for counts in totals.chunks_exact(3) {
            if counts[0] > 0.0 && counts[1] > 0.0 {
                precision += counts[2] / counts[0];
                recall += counts[2] / counts[1];
                orders += 1.0;
            }
        }
        if orders > 0.0 { 100.0 * self.f_score(precision / orders, recall / orders) } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_by_hand() {
        // "abcd" and "abce": 3 of 4 characters, 2 of 3 pairs, 1 of 2 triples, 0 of 1 quadruples.
        let expected = 100.0 * (3.0 / 4.0 + 2.0 / 3.0 + 1.0 / 2.0) / 4.0;
        let score = chrf(&["ab cd"], &[&["a bce"]], &Chrf::default()).expect("one line each");
        assert!((score.value - expected).abs() < 1e-9, "{score}");
        assert_eq!(score.name, "chrF2");
    }

    #[test]
    fn one_mark_is_set_off_from_each_word() {
        let cases =
            [("(hi) there!", "(hi ) there !"), ("- «ja», ...", "- «ja» , .. ."), ("'tis é €5", "' tis é €5")];
        for (line, expected) in cases {
            assert_eq!(words_and_punctuation(line).collect::<Vec<_>>().join(" "), expected);
        }
    }
}
