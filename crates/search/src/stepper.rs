//! The model as search sees it, and what is searched for.

use crate::Scored;

/// A batch of hypotheses, a row each, whose model state is kept behind this trait.
pub trait Stepper {
    /// What can go wrong in the model.
    type Error: std::error::Error + 'static;

    /// How many tokens there are.
    fn vocabulary(&self) -> usize;

    /// Feeds each row its next token and gives the logits of what follows: `[rows, vocabulary]`, row-major.
    ///
    /// # Errors
    ///
    /// When the model fails.
    fn step(&mut self, tokens: &[u32]) -> Result<Vec<f32>, Self::Error>;

    /// Does the same and answers with what search needs of the logits, where that is less than all of them.
    ///
    /// The default answers with all logits. Whatever the answer, what is found is the same.
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

/// What search needs of each row of logits when no rule looks at all of them.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// How many of the best tokens.
    pub count: usize,
    /// The token that ends a hypothesis: never among the best, its logit is given apart.
    pub end: u32,
    /// Tokens that are never among the best.
    pub forbidden: &'a [u32],
}

/// What a stepper answers with.
#[derive(Clone, Debug)]
pub enum Answer {
    /// All logits, `[rows, vocabulary]`, row-major.
    Logits(Vec<f32>),
    /// What was wanted of each row.
    Best(Vec<BestOfRow>),
}

/// What was wanted of one row.
#[derive(Clone, Debug)]
pub struct BestOfRow {
    /// The best tokens, best first, as many as were wanted or as there are; of equals the lower token first.
    pub tokens: Vec<Scored>,
    /// The logit of the end.
    pub end: f32,
    /// The logarithm of the sum of exponentials of all logits; not finite when one of them is no number.
    pub log_sum: f64,
}

/// One source, and what its hypotheses must be like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRow {
    /// A number that is the source's own, for instance that of its line: what is sampled depends on it and
    /// on the seed, not on the batch.
    pub id: u64,
    /// The tokens that every hypothesis starts with, begin not counted.
    pub prefix: Vec<u32>,
    /// The fewest tokens of a hypothesis: prefix counted, end not. Never more than `max_length`.
    pub min_length: usize,
    /// The most tokens of a hypothesis: prefix counted, end not.
    pub max_length: usize,
}
