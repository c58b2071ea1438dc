//! Scores by groups of samples with similar numbers: the length of the source, or a field of the dataset.

use any2any_experiment::spec::Metric;
use any2any_metrics::Score;
use serde::Serialize;

use crate::error::TranslateError;
use crate::evaluate::DecodedSplit;

/// The scores of samples with similar numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group<N> {
    /// The least number of the group.
    pub from: N,
    /// The greatest number of the group.
    pub to: N,
    /// The number of samples.
    pub samples: usize,
    /// The group's scores.
    pub scores: Vec<Score>,
}

impl DecodedSplit {
    /// Scores in groups of similar source length, each with about as many samples.
    ///
    /// # Errors
    ///
    /// If there is nothing to score.
    pub fn scores_by_length(
        &self,
        wanted: &[Metric],
        groups: usize,
    ) -> Result<Vec<Group<usize>>, TranslateError> {
        self.scores_by(&self.source_lengths, wanted, groups)
    }

    /// Scores in groups of similar numbers, one number a sample, each group with about as many samples.
    ///
    /// # Errors
    ///
    /// If there is nothing to score.
    pub fn scores_by<N: Copy + PartialOrd>(
        &self,
        numbers: &[N],
        wanted: &[Metric],
        groups: usize,
    ) -> Result<Vec<Group<N>>, TranslateError> {
        let group = |within: Vec<usize>| {
            let (first, last) = (within[0], within[within.len() - 1]);
            let scores = self.only(&within).scores(wanted)?;
            Ok(Group { from: numbers[first], to: numbers[last], samples: within.len(), scores })
        };
        divided(numbers, groups).into_iter().map(group).collect()
    }
}

/// The numbers of a field, one a sample.
///
/// # Errors
///
/// If a sample's value is no number.
pub fn numbers(field: &str, texts: &[String]) -> Result<Vec<f64>, TranslateError> {
    let number = |(sample, text): (usize, &String)| {
        let number: Option<f64> = text.trim().parse().ok();
        number.filter(|number| number.is_finite()).ok_or_else(|| {
            TranslateError::Unsupported(format!(
                "field '{field}' of sample {} is '{text}', which is no number; name a field of numbers",
                sample + 1
            ))
        })
    };
    texts.iter().enumerate().map(number).collect()
}

/// The indices of numbers in rising order, divided into groups of about the same size; equal numbers stay together, so
/// there may be fewer groups than asked for.
fn divided<N: Copy + PartialOrd>(numbers: &[N], groups: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..numbers.len()).collect();
    // Numbers without an order (NaN) do not occur here.
    order.sort_by(|&a, &b| numbers[a].partial_cmp(&numbers[b]).unwrap_or(std::cmp::Ordering::Equal));
    let mut result = Vec::new();
    let mut begin = 0;
    for group in 1..=groups {
        let wanted = group * order.len() / groups;
        if wanted <= begin {
            continue;
        }
        let last = numbers[order[wanted - 1]];
        let end = begin + order[begin..].partition_point(|&place| numbers[place] <= last);
        result.push(order[begin..end].to_vec());
        begin = end;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_even_and_keep_equal_numbers_together() {
        for (numbers, groups, expected) in [
            (&[4, 1, 3, 2][..], 2, vec![vec![1, 3], vec![2, 0]]),
            (&[1, 1, 1, 2], 2, vec![vec![0, 1, 2], vec![3]]),
            (&[5, 5, 5], 3, vec![vec![0, 1, 2]]),
            (&[2, 1], 5, vec![vec![1], vec![0]]),
            (&[1, 2, 3], 0, vec![]),
            (&[], 4, vec![]),
        ] {
            assert_eq!(divided(numbers, groups), expected, "{numbers:?} into {groups}");
        }
        // As many of each number: a group each.
        let numbers: Vec<usize> = (0..120).map(|sample| sample % 12).collect();
        let counts: Vec<usize> = divided(&numbers, 12).iter().map(Vec::len).collect();
        assert_eq!(counts, [10; 12]);
        let all: usize = divided(&numbers, 5).iter().map(Vec::len).sum();
        assert_eq!(all, 120);
    }

    #[test]
    fn what_is_no_number_is_named() {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        assert_eq!(numbers("age", &texts(&["2", " 3.5"])).expect("numbers"), [2.0, 3.5]);
        for (text, shown) in [("two", "'two'"), ("", "''"), ("inf", "'inf'")] {
            let error = numbers("age", &texts(&["2", text])).expect_err("no number").to_string();
            assert!(error.starts_with(&format!("field 'age' of sample 2 is {shown}")), "{error}");
        }
    }
}
