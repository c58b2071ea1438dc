//! BLEU (Papineni et al., "BLEU: a Method for Automatic Evaluation of Machine Translation", 2002), as
//! sacreBLEU computes it.

use crate::metric::corpus_score;
use crate::ngrams::{Interner, matches, total};
use crate::score::yes_no;
use crate::whitespace::{is_space, words};
use crate::{Metric, MetricsError, Score, Tokenizer};

/// The longest n-grams that count.
const ORDERS: usize = 4;

/// The options of BLEU; the defaults are sacreBLEU's.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bleu {
    /// Tokeniser of the lines.
    pub tokenizer: Tokenizer,
    /// Ignore case.
    pub lowercase: bool,
    /// Count of an order without any match.
    pub smoothing: Smoothing,
    /// Leave out orders that the hypothesis is too short for. For scores of single sentences.
    pub effective_order: bool,
}

/// Smoothing: the count of an n-gram order without any match (Chen and Cherry 2014).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Smoothing {
    /// Nothing: the whole score is 0.
    None,
    /// Counts as this many matches; 0.1 is usual.
    Floor(f64),
    /// Adds this to matches and totals of every order but the first; 1 is usual.
    AddK(f64),
    /// Half of what the last such order counted, beginning with half a match.
    #[default]
    Exponential,
}

/// BLEU of a corpus.
///
/// Each element of `references` is one set of references, as long as `hypotheses`.
///
/// # Errors
///
/// When there is nothing to score, or numbers of lines differ.
pub fn bleu<H: AsRef<str>, R: AsRef<str>>(
    hypotheses: &[H],
    references: &[&[R]],
    options: &Bleu,
) -> Result<Score, MetricsError> {
    corpus_score(options, hypotheses, references)
}

/// The counts of a corpus, read from a row of statistics.
struct Counts {
    hypothesis_length: f64,
    reference_length: f64,
    matched: [f64; ORDERS],
    total: [f64; ORDERS],
}

impl Counts {
    fn read(row: &[f64]) -> Self {
        let at = |index: usize| row.get(index).copied().unwrap_or(0.0);
        Self {
            hypothesis_length: at(0),
            reference_length: at(1),
            matched: std::array::from_fn(|order| at(2 + order)),
            total: std::array::from_fn(|order| at(2 + ORDERS + order)),
        }
    }

    fn brevity_penalty(&self) -> f64 {
        if self.hypothesis_length >= self.reference_length {
            1.0
        } else if self.hypothesis_length > 0.0 {
            (1.0 - self.reference_length / self.hypothesis_length).exp()
        } else {
            0.0
        }
    }
}

impl Bleu {
    fn prepare(&self, line: &str) -> String {
        let line = if self.lowercase { line.to_lowercase() } else { line.to_owned() };
        self.tokenizer.tokenize(line.trim_end_matches(is_space)).into_owned()
    }

    /// The precision of each order in per cent, and the number of orders that count.
    fn precisions(&self, counts: &Counts) -> ([f64; ORDERS], usize) {
        let mut precisions = [0.0; ORDERS];
        let mut orders = ORDERS;
        if counts.matched.iter().all(|&matched| matched == 0.0) {
            return (precisions, orders);
        }
        let mut halved = 1.0;
        for (order, precision) in precisions.iter_mut().enumerate() {
            let added = match self.smoothing {
                Smoothing::AddK(k) if order > 0 => k,
                _ => 0.0,
            };
            let (matched, total) = (counts.matched[order] + added, counts.total[order] + added);
            if total == 0.0 {
                break;
            }
            if self.effective_order {
                orders = order + 1;
            }
            let smoothed = match self.smoothing {
                _ if matched > 0.0 => matched,
                Smoothing::Exponential => {
                    halved *= 2.0;
                    1.0 / halved
                }
                Smoothing::Floor(value) => value,
                Smoothing::None | Smoothing::AddK(_) => 0.0,
            };
            *precision = 100.0 * smoothed / total;
        }
        (precisions, orders)
    }
}

impl Metric for Bleu {
    fn name(&self) -> String {
        "BLEU".to_owned()
    }

    fn options(&self) -> Option<String> {
        let case = if self.lowercase { "lc" } else { "mixed" };
        let smoothing = match self.smoothing {
            Smoothing::None => "none".to_owned(),
            Smoothing::Floor(value) => format!("floor[{value:.2}]"),
            Smoothing::AddK(value) => format!("add-k[{value:.2}]"),
            Smoothing::Exponential => "exp".to_owned(),
        };
        let effective = yes_no(self.effective_order);
        Some(format!("case:{case}|eff:{effective}|tok:{}|smooth:{smoothing}", self.tokenizer))
    }

    fn statistics(&self, hypothesis: &str, references: &[&str]) -> Vec<f64> {
        let lines: Vec<String> =
            std::iter::once(&hypothesis).chain(references).map(|line| self.prepare(line)).collect();
        let mut interner = Interner::default();
        let tokens: Vec<Vec<u32>> = lines.iter().map(|line| interner.numbers(words(line))).collect();
        let (hypothesis, references) = tokens.split_first().map_or((&[][..], &[][..]), |(h, r)| (&h[..], r));

        let length = hypothesis.len();
        // The reference closest in length; of two equally close, the shorter one.
        let closest = references.iter().map(Vec::len).min_by_key(|&r| (r.abs_diff(length), r)).unwrap_or(0);
        let references: Vec<&[u32]> = references.iter().map(Vec::as_slice).collect();
        let matched = matches(hypothesis, &references, ORDERS);
        let totals = (1..=ORDERS).map(|order| total(length, order));
        [length, closest].into_iter().chain(matched).chain(totals).map(|count| count as f64).collect()
    }

    fn value(&self, totals: &[f64]) -> f64 {
        let counts = Counts::read(totals);
        let (precisions, orders) = self.precisions(&counts);
        if precisions[..orders].contains(&0.0) {
            return 0.0;
        }
        let mean = precisions[..orders].iter().map(|precision| precision.ln()).sum::<f64>() / orders as f64;
        counts.brevity_penalty() * mean.exp()
    }

    fn detail(&self, totals: &[f64]) -> Option<String> {
        let counts = Counts::read(totals);
        let precisions = self.precisions(&counts).0.map(|precision| format!("{precision:.1}")).join("/");
        let (hypothesis, reference) = (counts.hypothesis_length, counts.reference_length);
        let ratio = if reference > 0.0 { hypothesis / reference } else { 0.0 };
        let penalty = counts.brevity_penalty();
        Some(format!(
            "{precisions} (BP = {penalty:.3} ratio = {ratio:.3} hyp_len = {hypothesis:.0} ref_len = {reference:.0})"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_by_hand() {
        // 7 tokens; matched 6, 4, 2, 1 of 7, 6, 5, 4.
        let expected = 100.0 * (6.0 / 7.0 * 4.0 / 6.0 * 2.0 / 5.0 * 1.0 / 4.0_f64).powf(0.25);
        let score = bleu(&["the cat sat on the mat ."], &[&["the cat sits on the mat ."]], &Bleu::default())
            .expect("one line each");
        assert!((score.value - expected).abs() < 1e-9, "{score}");
        assert_eq!(
            score.signature.as_deref(),
            Some(concat!(
                "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:any2any.",
                env!("CARGO_PKG_VERSION")
            ))
        );
    }

    #[test]
    fn a_repeated_word_matches_as_often_as_the_reference_has_it() {
        let score = bleu(&["the the the the"], &[&["the cat"]], &Bleu::default()).expect("one line each");
        assert!(score.detail.as_deref().is_some_and(|detail| detail.starts_with("25.0/")), "{score}");
    }

    #[test]
    fn a_line_scored_against_itself_is_perfect() {
        let lines = ["Ein Satz mit fünf Wörtern.", "και άλλη μία μικρή πρόταση"];
        let score = bleu(&lines, &[&lines], &Bleu::default()).expect("two lines each");
        assert!((score.value - 100.0).abs() < 1e-9, "{score}");
    }
}
