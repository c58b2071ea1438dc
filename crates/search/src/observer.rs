//! Whoever watches a search: to draw a beam as a tree, or to show tokens while they are written.

/// Is told every way to go on that a search considers, in the order in which it ranks them.
///
/// A step of a source is over when all that was considered has been told: those that are
/// [kept](Fate::Kept) are its rows in the next step.
pub trait Observer {
    /// A way to go on from one of the rows of a source, `position` tokens after the begin token.
    fn considered(&mut self, source: usize, position: usize, considered: &Considered);
}

/// Nobody watches.
impl Observer for () {
    fn considered(&mut self, _source: usize, _position: usize, _considered: &Considered) {}
}

/// A way to go on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Considered {
    /// Which row of the source it continues, from 0.
    pub parent: usize,
    /// The token; `None`: the end.
    pub token: Option<u32>,
    /// The token's log-probability.
    pub log_probability: f32,
    /// The log-probability of all tokens up to this one.
    pub total: f64,
    /// What it is ranked by when it ends here: [`total`](Self::total) normalised by its length.
    pub score: f64,
    /// What becomes of it.
    pub fate: Fate,
}

/// What becomes of a way to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is a row of the source in the next step.
    Kept {
        /// Which.
        row: usize,
    },
    /// It ends, and is a hypothesis.
    Finished,
    /// It is dropped: others are better, or it can become none of the best any more.
    Pruned,
}
