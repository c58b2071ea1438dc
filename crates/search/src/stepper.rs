//! The model as search sees it, and what is searched for.

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

    /// Keeps these rows in this order. A row may be absent (its hypothesis is finished) or repeated (it is
    /// continued in several ways).
    ///
    /// # Errors
    ///
    /// When the model fails.
    fn select(&mut self, rows: &[usize]) -> Result<(), Self::Error>;
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
