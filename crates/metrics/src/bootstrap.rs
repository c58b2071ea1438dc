//! Bootstrap resampling of segments: confidence intervals of scores, and tests of the difference between two systems
//! (Koehn, "Statistical Significance Tests for Machine Translation Evaluation", 2004).
//!
//! The procedure is sacreBLEU's. The random numbers are our own, so intervals agree with it but for chance;
//! and a difference as large as the real one speaks for chance too, so that equal systems have a p-value of 1.

use any2any_adapter::Seed;

use crate::metric::{statistics, summarize, totals};
use crate::{Interval, Metric, MetricsError, Score};

/// Bootstrap resampling of segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bootstrap {
    /// Number of resamples, each as large as the original corpus, drawn with replacement.
    pub samples: usize,
    /// The seed of the draw.
    pub seed: u64,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self { samples: 1000, seed: 12345 }
    }
}

/// Comparison of two systems on the same lines.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Comparison {
    /// The score of the first system, with its interval.
    pub baseline: Score,
    /// The score of the second system, with its interval.
    pub system: Score,
    /// The second score minus the first.
    pub difference: f64,
    /// Probability that chance alone makes a difference at least as large.
    pub p_value: f64,
}

/// The score of a corpus with its 95 % confidence interval.
///
/// # Errors
///
/// When there is nothing to score, numbers of lines differ, or there are fewer than 2 samples.
pub fn score_with_interval<H: AsRef<str>, R: AsRef<str>>(
    metric: &dyn Metric,
    hypotheses: &[H],
    references: &[&[R]],
    bootstrap: &Bootstrap,
) -> Result<Score, MetricsError> {
    let rows = statistics(metric, hypotheses, references)?;
    let values = bootstrap.values(metric, &rows)?;
    Ok(bootstrap.summarize(metric, &rows, references.len(), &values))
}

/// Compares two systems by paired resampling: both are scored on the same drawn lines.
///
/// # Errors
///
/// When there is nothing to score, numbers of lines differ, or there are fewer than 2 samples.
pub fn compare<H: AsRef<str>, R: AsRef<str>>(
    metric: &dyn Metric,
    baseline: &[H],
    system: &[H],
    references: &[&[R]],
    bootstrap: &Bootstrap,
) -> Result<Comparison, MetricsError> {
    let of_baseline = statistics(metric, baseline, references)?;
    let of_system = statistics(metric, system, references)?;
    let baseline_values = bootstrap.values(metric, &of_baseline)?;
    let system_values = bootstrap.values(metric, &of_system)?;
    let baseline = bootstrap.summarize(metric, &of_baseline, references.len(), &baseline_values);
    let system = bootstrap.summarize(metric, &of_system, references.len(), &system_values);

    // Differences around their mean are what chance alone does.
    let differences: Vec<f64> =
        baseline_values.iter().zip(&system_values).map(|(a, b)| (b - a).abs()).collect();
    let mean = differences.iter().sum::<f64>() / differences.len() as f64;
    let difference = system.value - baseline.value;
    let by_chance = differences.iter().filter(|&&sampled| sampled - mean >= difference.abs()).count();
    let p_value = (by_chance + 1) as f64 / (differences.len() + 1) as f64;
    Ok(Comparison { baseline, system, difference, p_value })
}

impl Bootstrap {
    /// The 95 % confidence interval of a sum over samples divided by another: of a mean, when every second number
    /// is 1.
    ///
    /// # Errors
    ///
    /// When the second numbers sum to 0, or there are fewer than 2 resamples.
    pub fn interval_of_ratio(&self, samples: &[[f64; 2]]) -> Result<Interval, MetricsError> {
        if samples.iter().map(|[_, count]| count).sum::<f64>() <= 0.0 {
            return Err(MetricsError::Empty);
        }
        if self.samples < 2 {
            return Err(MetricsError::Samples { samples: self.samples });
        }
        let ratio = |resample: usize| {
            let mut random = Seed(self.seed).random("bootstrap", resample as u64);
            let drawn = (0..samples.len()).map(|_| samples[random.below(samples.len())]);
            let [sum, count] = drawn.fold([0.0, 0.0], |[a, b], [c, d]| [a + c, b + d]);
            if count > 0.0 { sum / count } else { 0.0 }
        };
        Ok(interval(&(0..self.samples).map(ratio).collect::<Vec<f64>>()))
    }

    /// The 95 % confidence interval of a score of summed rows.
    pub(crate) fn interval_of(
        &self,
        rows: &[Vec<f64>],
        score: impl Fn(&[f64]) -> f64,
    ) -> Result<Interval, MetricsError> {
        Ok(interval(&self.resampled(rows, score)?))
    }

    /// The score of every resample. The lines that are drawn depend only on the seed and the number of lines, so that
    /// resamples of two systems belong together.
    fn values(&self, metric: &dyn Metric, rows: &[Vec<f64>]) -> Result<Vec<f64>, MetricsError> {
        self.resampled(rows, |sums| metric.value(sums))
    }

    fn resampled(&self, rows: &[Vec<f64>], score: impl Fn(&[f64]) -> f64) -> Result<Vec<f64>, MetricsError> {
        if self.samples < 2 {
            return Err(MetricsError::Samples { samples: self.samples });
        }
        let sample = |sample: usize| {
            let mut random = Seed(self.seed).random("bootstrap", sample as u64);
            score(&totals((0..rows.len()).map(|_| &rows[random.below(rows.len())])))
        };
        Ok((0..self.samples).map(sample).collect())
    }

    fn summarize(&self, metric: &dyn Metric, rows: &[Vec<f64>], references: usize, values: &[f64]) -> Score {
        let mut score = summarize(metric, &totals(rows.iter()), references);
        let Self { samples, seed } = self;
        score.signature = score.signature.map(|signature| {
            let resampled = format!("nrefs:{references}|bs:{samples}|seed:{seed}|");
            signature.replacen(&format!("nrefs:{references}|"), &resampled, 1)
        });
        score.interval = Some(interval(values));
        score
    }
}

/// The mean, and the bounds that leave out a fortieth of the values on each side.
fn interval(values: &[f64]) -> Interval {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let outside = sorted.len() / 40;
    Interval {
        mean: sorted.iter().sum::<f64>() / sorted.len() as f64,
        low: sorted[outside],
        high: sorted[sorted.len() - 1 - outside],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Bleu, ExactMatch};

    #[test]
    fn interval_of_a_share_is_the_binomial_one() {
        // 400 lines, 30 % right: the standard error is 2.29, so 95 % lie within 4.49.
        let references = vec!["right"; 400];
        let hypotheses: Vec<&str> = (0..400).map(|i| if i % 10 < 3 { "right" } else { "wrong" }).collect();
        let score = score_with_interval(&ExactMatch, &hypotheses, &[&references], &Bootstrap::default())
            .expect("400 lines each");
        let interval = score.interval.expect("an interval was asked for");
        assert!((interval.mean - 30.0).abs() < 0.3, "{interval:?}");
        assert!((interval.half_width() - 4.49).abs() < 0.4, "{interval:?}");
    }

    #[test]
    fn seed_decides_and_signature_tells() {
        let (hypotheses, references) =
            (["a b c d e", "a b c d", "c d e f"], ["a b c d e", "a b x d", "c d e f"]);
        let run = |seed| {
            let bootstrap = Bootstrap { samples: 50, seed };
            score_with_interval(&Bleu::default(), &hypotheses, &[&references], &bootstrap)
                .expect("three lines")
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1).interval, run(2).interval);
        assert!(format!("{:#}", run(7)).starts_with("BLEU|nrefs:1|bs:50|seed:7|case:mixed|"), "{:#}", run(7));
    }

    #[test]
    fn a_better_system_is_told_from_an_equal_one() {
        let references: Vec<String> = (0..100).map(|i| i.to_string()).collect();
        let right_below = |bound: usize| -> Vec<String> {
            (0..100).map(|i| if i * 37 % 100 < bound { i.to_string() } else { "x".to_owned() }).collect()
        };
        let cases = [(50, 90, 0.0..0.05), (50, 50, 1.0..1.01), (50, 51, 0.05..1.01)];
        for (baseline, system, expected) in cases {
            let comparison = compare(
                &ExactMatch,
                &right_below(baseline),
                &right_below(system),
                &[&references],
                &Bootstrap::default(),
            )
            .expect("100 lines each");
            assert_eq!(comparison.difference, (system - baseline) as f64);
            assert!(expected.contains(&comparison.p_value), "{baseline} {system}: {}", comparison.p_value);
        }
    }

    #[test]
    fn the_interval_of_a_mean_is_that_of_its_standard_error() {
        let values: Vec<[f64; 2]> = (0..400).map(|i| [if i % 2 == 0 { 1.0 } else { 3.0 }, 1.0]).collect();
        let interval = Bootstrap::default().interval_of_ratio(&values).expect("400 values");
        assert!((interval.mean - 2.0).abs() < 0.01 && (interval.half_width() - 0.098).abs() < 0.01);
        // Pairs that count for nothing change nothing but by chance.
        let with_empty: Vec<[f64; 2]> = values.iter().copied().chain([[0.0, 0.0]; 3]).collect();
        let with_empty = Bootstrap::default().interval_of_ratio(&with_empty).expect("400 values");
        assert!((with_empty.mean - interval.mean).abs() < 0.01);
        assert_eq!(Bootstrap::default().interval_of_ratio(&[[1.0, 0.0]]), Err(MetricsError::Empty));
    }

    #[test]
    fn one_sample_is_no_interval() {
        let error = score_with_interval(&ExactMatch, &["a"], &[&["a"]], &Bootstrap { samples: 1, seed: 1 });
        assert_eq!(error, Err(MetricsError::Samples { samples: 1 }));
    }
}
