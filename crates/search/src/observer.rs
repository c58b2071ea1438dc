//! Observer of a search: to draw a beam as a tree, or to show tokens while they are written.

/// Observer of every continuation that a search considers, in the order of their rank.
///
/// A step of a source is over when all of its continuations have been reported: those that are [kept](Fate::Kept) are
/// its rows in the next step.
pub trait Observer {
    /// Reports a continuation of one of the rows of a source, `position` tokens after the begin token.
    fn considered(&mut self, source: usize, position: usize, considered: &Considered);
}

/// Observer that ignores everything.
impl Observer for () {
    fn considered(&mut self, _source: usize, _position: usize, _considered: &Considered) {}
}

/// A continuation that a search considered.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Considered {
    /// The row of the source that it continues, from 0.
    pub parent: usize,
    /// The token; `None`: the end.
    pub token: Option<u32>,
    /// The token's log-probability.
    pub log_probability: f32,
    /// The log-probability of all tokens up to this one.
    pub total: f64,
    /// The score by which it is ranked when it ends here: [`total`](Self::total) normalised by its length.
    pub score: f64,
    /// The decision about it.
    pub fate: Fate,
}

/// The decision of a search about a continuation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It becomes a row of the source in the next step.
    Kept {
        /// The number of that row.
        row: usize,
    },
    /// It ends, and is a hypothesis.
    Finished,
    /// It is dropped: others are better, or it can become none of the best any more.
    Pruned,
}
