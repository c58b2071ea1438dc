//! What cannot be scored.

/// What cannot be scored, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetricsError {
    /// As many references as hypotheses are needed.
    #[error(
        "{hypotheses} hypotheses but {references} references{}: line N of one belongs to line N of the other",
        set.map(|set| format!(" in reference set {set}")).unwrap_or_default()
    )]
    Lengths {
        /// How many hypotheses there are.
        hypotheses: usize,
        /// How many references there are.
        references: usize,
        /// Which of several reference sets it is, counted from 1; `None` when there is only one.
        set: Option<usize>,
    },
    /// There is no reference set at all.
    #[error("no references to compare with: give at least one set of them")]
    NoReferences,
    /// There is nothing to score; 0 would be a judgement.
    #[error("nothing to score: there is not a single line or token")]
    Empty,
    /// A bootstrap without samples.
    #[error("a confidence interval needs at least 2 resamples, not {samples}; 1000 is usual")]
    Samples {
        /// How many were asked for.
        samples: usize,
    },
    /// A picture or signal and its reference have different shapes.
    #[error(
        "sample {number}: the {hypothesis}, has a reference of another shape, a {reference}: bring both to one size"
    )]
    Shapes {
        /// Which sample, counted from 1.
        number: usize,
        /// What was written.
        hypothesis: String,
        /// What it should have been.
        reference: String,
    },
}
