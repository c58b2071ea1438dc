//! Common ground of all corpus metrics: a corpus score is a function of sums over its segments.
//!
//! Each metric turns a segment (a hypothesis and its references) into a short row of counts. The rows of a
//! corpus are added up, and the score is computed from the sums, so bootstrap resampling costs additions
//! only.

use crate::{MetricsError, Score};

/// A metric of texts, with its options.
pub trait Metric {
    /// The name that is printed before the score.
    fn name(&self) -> String;

    /// The options in sacreBLEU's notation, for metrics that sacreBLEU has: the fields between `nrefs` and
    /// `version`.
    fn options(&self) -> Option<String>;

    /// The counts of one segment, always of one length, so that those of segments can be added.
    ///
    /// `references` is never empty.
    fn statistics(&self, hypothesis: &str, references: &[&str]) -> Vec<f64>;

    /// The score of added-up counts.
    fn value(&self, totals: &[f64]) -> f64;

    /// The detail that is printed behind the score of added-up counts.
    fn detail(&self, totals: &[f64]) -> Option<String> {
        let _ = totals;
        None
    }
}

/// The score of a whole corpus.
///
/// Each element of `references` is one set of references, as long as `hypotheses`: with one reference a
/// segment, `&[&references]`.
///
/// # Errors
///
/// When there are no hypotheses or no references, or their numbers differ.
pub fn corpus_score<H: AsRef<str>, R: AsRef<str>>(
    metric: &dyn Metric,
    hypotheses: &[H],
    references: &[&[R]],
) -> Result<Score, MetricsError> {
    let rows = statistics(metric, hypotheses, references)?;
    Ok(summarize(metric, &totals(rows.iter()), references.len()))
}

/// The score of each segment by itself.
///
/// # Errors
///
/// As [`corpus_score`].
pub fn sentence_scores<H: AsRef<str>, R: AsRef<str>>(
    metric: &dyn Metric,
    hypotheses: &[H],
    references: &[&[R]],
) -> Result<Vec<Score>, MetricsError> {
    let rows = statistics(metric, hypotheses, references)?;
    Ok(rows.iter().map(|row| summarize(metric, row, references.len())).collect())
}

/// The counts of each segment.
pub(crate) fn statistics<H: AsRef<str>, R: AsRef<str>>(
    metric: &dyn Metric,
    hypotheses: &[H],
    references: &[&[R]],
) -> Result<Vec<Vec<f64>>, MetricsError> {
    check_lengths(hypotheses.len(), references.iter().map(|set| set.len()))?;
    let row = |(line, hypothesis): (usize, &H)| {
        let references: Vec<&str> = references.iter().map(|set| set[line].as_ref()).collect();
        metric.statistics(hypothesis.as_ref(), &references)
    };
    Ok(hypotheses.iter().enumerate().map(row).collect())
}

/// The sums of rows of counts; empty when there is no row.
pub(crate) fn totals<'a>(rows: impl Iterator<Item = &'a Vec<f64>>) -> Vec<f64> {
    let mut totals = Vec::new();
    for row in rows {
        totals.resize(row.len(), 0.0);
        totals.iter_mut().zip(row).for_each(|(total, count)| *total += count);
    }
    totals
}

/// The score of added-up counts, with its signature and detail.
pub(crate) fn summarize(metric: &dyn Metric, totals: &[f64], references: usize) -> Score {
    let signature = |options| format!("nrefs:{references}|{options}|{}", crate::score::VERSION);
    Score {
        name: metric.name(),
        value: metric.value(totals),
        signature: metric.options().map(signature),
        detail: metric.detail(totals),
        interval: None,
    }
}

pub(crate) fn check_lengths(
    hypotheses: usize,
    references: impl ExactSizeIterator<Item = usize>,
) -> Result<(), MetricsError> {
    let sets = references.len();
    if sets == 0 {
        return Err(MetricsError::NoReferences);
    }
    for (index, references) in references.enumerate() {
        if references != hypotheses {
            let set = (sets > 1).then_some(index + 1);
            return Err(MetricsError::Lengths { hypotheses, references, set });
        }
    }
    if hypotheses == 0 { Err(MetricsError::Empty) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ExactMatch;

    #[test]
    fn numbers_of_lines_must_agree() {
        let cases = [
            (vec!["a", "b"], vec![vec!["a"]], "2 hypotheses but 1 references: line N"),
            (
                vec!["a"],
                vec![vec!["a"], vec!["a", "b"]],
                "1 hypotheses but 2 references in reference set 2: line N",
            ),
            (vec!["a"], vec![], "no references"),
            (vec![], vec![vec![]], "nothing to score"),
        ];
        for (hypotheses, references, expected) in cases {
            let references: Vec<&[&str]> = references.iter().map(Vec::as_slice).collect();
            let error = corpus_score(&ExactMatch, &hypotheses, &references).expect_err(expected);
            assert!(error.to_string().starts_with(expected), "{error}");
        }
    }

    #[test]
    fn own_text_types_are_accepted() {
        let hypotheses = vec![String::from("a"), String::from("b")];
        let references = vec!["a", "c"];
        let score = corpus_score(&ExactMatch, &hypotheses, &[&references]).expect("two and two lines");
        assert_eq!(score.value, 50.0);
        let each = sentence_scores(&ExactMatch, &hypotheses, &[&references]).expect("two and two lines");
        assert_eq!(each.iter().map(|score| score.value).collect::<Vec<_>>(), [100.0, 0.0]);
    }
}
