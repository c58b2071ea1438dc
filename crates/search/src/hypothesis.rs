//! Hypotheses: the sequences that a search finds.

/// A hypothesis: a sequence that a search found, with its log-probabilities.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Hypothesis {
    /// The tokens, without begin and end; a forced prefix is part of them.
    pub tokens: Vec<u32>,
    /// The log-probability of all tokens, the end included.
    pub log_probability: f64,
    /// Score by which hypotheses are ranked: the log-probability divided by the length, end counted, to the power of
    /// the length penalty. Greedy search and sampling have no penalty.
    pub score: f64,
    /// The log-probability of each token, and of the end behind them.
    pub token_log_probabilities: Vec<f32>,
    /// True if the model ended the sequence itself. Otherwise it was at its maximum length, or no token was
    /// allowed any more, while the end was not the most probable.
    pub finished: bool,
}

impl Hypothesis {
    /// The score that the hypothesis has under a length penalty.
    pub fn score_under(&self, length_penalty: f64) -> f64 {
        normalized(self.log_probability, self.token_log_probabilities.len(), length_penalty)
    }
}

/// A log-probability divided by a power of the length, which counts the end.
pub(crate) fn normalized(log_probability: f64, length: usize, length_penalty: f64) -> f64 {
    log_probability / (length.max(1) as f64).powf(length_penalty)
}
