//! Metrics of a program's own: of values of any medium.

use std::sync::Arc;

use any2any_adapter::{Kind, Live, OptionProblem, Package, PlugIn, PlugInOptions, Point, Registry, Value};

use crate::metric::{check_lengths, totals};
use crate::score::VERSION;
use crate::{Bootstrap, MetricsError, Score};

/// Metric of a program's own: its options, as an experiment writes them, which score outputs of any medium.
///
/// Each output gives a row of numbers; the rows of a split are added up, and the score is computed from the sums, so
/// that a confidence interval costs additions only.
///
/// ```
/// use any2any_adapter::{Kind, Value};
/// use any2any_metrics::{ValueMetric, value_score};
///
/// /// The share of outputs that end with the last note of a reference, in per cent.
/// #[derive(Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
/// #[serde(deny_unknown_fields)]
/// struct LastNote {}
///
/// impl ValueMetric for LastNote {
///     fn scores(&self, kind: Kind) -> bool {
///         kind == Kind::Text
///     }
///
///     fn statistics(&self, output: &Value, references: &[&Value]) -> Vec<f64> {
///         let last = |value: &Value| value.to_string().chars().last();
///         let right = references.iter().any(|reference| last(reference) == last(output));
///         vec![f64::from(right), 1.0]
///     }
///
///     fn score(&self, sums: &[f64]) -> f64 {
///         100.0 * sums[0] / sums[1]
///     }
/// }
///
/// let [output, other, reference] = ["c e g", "c e d", "e f g"].map(Value::from);
/// let score = value_score(&LastNote {}, "last_note", &[&output, &other], &[vec![&reference; 2]], None)?;
/// assert_eq!(score.value, 50.0);
/// # Ok::<(), any2any_metrics::MetricsError>(())
/// ```
pub trait ValueMetric: Send + Sync {
    /// Package that the metric comes from: [`package!()`](any2any_adapter::package) names it with its version.
    fn package() -> Package
    where
        Self: Sized,
    {
        Package::of::<Self>()
    }

    /// Problems of options that fit their schema.
    fn check(&self) -> Vec<OptionProblem> {
        Vec::new()
    }

    /// True if values of a kind can be scored.
    fn scores(&self, kind: Kind) -> bool;

    /// True if a larger score is better, which is usual.
    fn larger_is_better(&self) -> bool {
        true
    }

    /// The numbers of one output beside its references, of which there is one at least; always as many numbers.
    fn statistics(&self, output: &Value, references: &[&Value]) -> Vec<f64>;

    /// The score of added-up numbers.
    fn score(&self, sums: &[f64]) -> f64;
}

/// A registry with a metric of a program's own, under a name.
#[must_use]
pub fn with_metric<T: ValueMetric + PlugInOptions>(registry: Registry, name: &str) -> Registry {
    let live = |metric: T| Live::new(Arc::new(metric) as Arc<dyn ValueMetric>);
    registry.plugging(PlugIn::new(Point::Metric, name, T::package(), T::check, live))
}

/// The score of outputs by a metric of a program's own, with its 95 % interval if a bootstrap is given. `references`
/// are sets of them, each as long as the outputs.
///
/// # Errors
///
/// When there is nothing to score, numbers of values or of statistics differ, or the bootstrap has fewer than 2
/// resamples.
pub fn value_score(
    metric: &dyn ValueMetric,
    name: &str,
    outputs: &[&Value],
    references: &[Vec<&Value>],
    bootstrap: Option<&Bootstrap>,
) -> Result<Score, MetricsError> {
    check_lengths(outputs.len(), references.iter().map(Vec::len))?;
    let row = |(number, output): (usize, &&Value)| {
        let references: Vec<&Value> = references.iter().map(|set| set[number]).collect();
        metric.statistics(output, &references)
    };
    let rows: Vec<Vec<f64>> = outputs.iter().enumerate().map(row).collect();
    if let Some(number) = rows.iter().position(|row| row.len() != rows[0].len()) {
        let (first, other) = (rows[0].len(), rows[number].len());
        return Err(MetricsError::Statistics { metric: name.to_owned(), number: number + 1, first, other });
    }
    let mut score = Score::new(name, metric.score(&totals(rows.iter())));
    score.signature = Some(format!("nrefs:{}|{VERSION}", references.len()));
    score.interval =
        bootstrap.map(|bootstrap| bootstrap.interval_of(&rows, |sums| metric.score(sums))).transpose()?;
    Ok(score)
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};
    use serde_json::json;

    use super::*;

    /// The share of outputs that begin as a reference does, in per cent.
    #[derive(Clone, Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Begins {
        /// Number of letters.
        letters: usize,
    }

    impl ValueMetric for Begins {
        fn check(&self) -> Vec<OptionProblem> {
            let problem = || OptionProblem::new("/letters", "all outputs begin with no letter", "at least 1");
            (self.letters == 0).then(problem).into_iter().collect()
        }

        fn scores(&self, kind: Kind) -> bool {
            kind == Kind::Text
        }

        fn statistics(&self, output: &Value, references: &[&Value]) -> Vec<f64> {
            let start = |value: &Value| value.to_string().chars().take(self.letters).collect::<String>();
            let right = references.iter().any(|reference| start(reference) == start(output));
            vec![f64::from(right), 1.0]
        }

        fn score(&self, sums: &[f64]) -> f64 {
            100.0 * sums[0] / sums[1]
        }
    }

    #[test]
    fn a_metric_of_its_own_scores_with_its_options() {
        let registry = with_metric::<Begins>(Registry::new(), "begins");
        registry.sound().expect("no mistake");
        let plug_in = registry.plug_in(Point::Metric, "begins").expect("registered");
        assert!(!plug_in.is_plain());
        assert_eq!(plug_in.package().name, "any2any-metrics");
        assert_eq!(plug_in.build(&json!({ "letters": 0 })).expect("it fits").problems.len(), 1);
        assert!(plug_in.build(&json!({ "letter": 1 })).is_err());
        let built = plug_in.build(&json!({ "letters": 2 })).expect("it fits");
        let metric = built.live.get::<Arc<dyn ValueMetric>>().expect("a metric");
        let [right, wrong, other] = ["abc", "xyz", "abd"].map(Value::from);
        let outputs = [&right, &wrong, &right, &wrong];
        let references = [vec![&other; 4], vec![&other, &other, &wrong, &wrong]];
        let score =
            value_score(metric.as_ref(), "begins", &outputs, &references, Some(&Bootstrap::default()));
        let score = score.expect("four outputs");
        assert_eq!(score.value, 75.0);
        let interval = score.interval.expect("an interval was asked for");
        assert!(interval.low < 75.0 && interval.high == 100.0, "{interval:?}");
        assert!(value_score(metric.as_ref(), "begins", &outputs, &[], None).is_err());
    }
}
