//! The interface of a model to search, and the sources of a search.

use crate::Scored;

/// Model that scores the next token of a batch of hypotheses, a row each, and keeps the state of every row.
pub trait Stepper {
    /// The error of the model.
    type Error: std::error::Error + 'static;

    /// Size of the vocabulary, in tokens.
    fn vocabulary(&self) -> usize;

    /// Feeds each row its next token and gives the logits of the one after it: `[rows, vocabulary]`, row-major.
    ///
    /// # Errors
    ///
    /// When the model fails.
    fn step(&mut self, tokens: &[u32]) -> Result<Vec<f32>, Self::Error>;

    /// Does the same and answers with the part of the logits that search needs, if that is less than all of them.
    ///
    /// The default answers with all logits. Any answer leads to the same hypotheses.
    ///
    /// # Errors
    ///
    /// When the model fails.
    fn rank(&mut self, tokens: &[u32], wanted: &Wanted<'_>) -> Result<Answer, Self::Error> {
        let _ = wanted;
        self.step(tokens).map(Answer::Logits)
    }

    /// Keeps these rows in this order. A row may be absent (its hypothesis is finished) or repeated (it is
    /// continued in several ways).
    ///
    /// # Errors
    ///
    /// When the model fails.
    fn select(&mut self, rows: &[usize]) -> Result<(), Self::Error>;
}

impl<S: Stepper + ?Sized> Stepper for Box<S> {
    type Error = S::Error;

    fn vocabulary(&self) -> usize {
        (**self).vocabulary()
    }

    fn step(&mut self, tokens: &[u32]) -> Result<Vec<f32>, Self::Error> {
        (**self).step(tokens)
    }

    fn rank(&mut self, tokens: &[u32], wanted: &Wanted<'_>) -> Result<Answer, Self::Error> {
        (**self).rank(tokens, wanted)
    }

    fn select(&mut self, rows: &[usize]) -> Result<(), Self::Error> {
        (**self).select(rows)
    }
}

/// The part of each row of logits that search needs if no rule needs all of them.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Number of the best tokens.
    pub count: usize,
    /// The token that ends a hypothesis: never among the best; its logit is returned apart.
    pub end: u32,
    /// Tokens that are never among the best.
    pub forbidden: &'a [u32],
}

/// Answer of a stepper: all logits or the best of them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Answer {
    /// All logits, `[rows, vocabulary]`, row-major.
    Logits(Vec<f32>),
    /// The wanted part of each row.
    Best(Vec<BestOfRow>),
}

/// The wanted part of one row of logits.
#[derive(Clone, Debug)]
pub struct BestOfRow {
    /// The best tokens, best first, as many as were wanted or as there are; of equals the lower token first.
    pub tokens: Vec<Scored>,
    /// The logit of the end.
    pub end: f32,
    /// The logarithm of the sum of exponentials of all logits; not finite when one of them is no number.
    pub log_sum: f64,
}

/// One source of a search, with the limits of its hypotheses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRow {
    /// A number of the source's own, for instance that of its line: sampling depends on it and on the seed, not on
    /// the batch.
    pub id: u64,
    /// The tokens that every hypothesis starts with, begin not counted.
    pub prefix: Vec<u32>,
    /// The fewest tokens of a hypothesis: prefix counted, end not. Never more than `max_length`.
    pub min_length: usize,
    /// The most tokens of a hypothesis: prefix counted, end not.
    pub max_length: usize,
}
