//! Errors of scoring.

/// Error of scoring, with its cause.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetricsError {
    /// Numbers of hypotheses and references that differ.
    #[error(
        "{hypotheses} hypotheses but {references} references{}: line N of one belongs to line N of the other",
        set.map(|set| format!(" in reference set {set}")).unwrap_or_default()
    )]
    Lengths {
        /// Number of hypotheses.
        hypotheses: usize,
        /// Number of references.
        references: usize,
        /// Number of the reference set, counted from 1; `None` when there is only one.
        set: Option<usize>,
    },
    /// No reference set.
    #[error("no references to compare with: give at least one set of them")]
    NoReferences,
    /// Nothing to score; 0 would be a judgement.
    #[error("nothing to score: there is not a single line or token")]
    Empty,
    /// A metric of a program's own that gives other numbers of statistics for some outputs.
    #[error(
        "the metric '{metric}' gives {other} statistics for sample {number}, and {first} for the first: give as many for \
         every output"
    )]
    Statistics {
        /// Name of the metric.
        metric: String,
        /// Number of the sample, counted from 1.
        number: usize,
        /// Number of statistics of the first sample.
        first: usize,
        /// Number of statistics of this sample.
        other: usize,
    },
    /// A bootstrap without samples.
    #[error("a confidence interval needs at least 2 resamples, not {samples}; 1000 is usual")]
    Samples {
        /// Number of resamples that were asked for.
        samples: usize,
    },
    /// A picture or signal and its reference have different shapes.
    #[error(
        "sample {number}: the {hypothesis}, has a reference of another shape, a {reference}: bring both to one size"
    )]
    Shapes {
        /// Number of the sample, counted from 1.
        number: usize,
        /// Description of the hypothesis.
        hypothesis: String,
        /// Description of the reference.
        reference: String,
    },
}
