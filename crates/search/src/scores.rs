//! The scores of one row: all of its logits, or the best of them.

use crate::top::{Scored, top};
use crate::{Answer, BestOfRow};

/// The scores of one row.
pub(crate) enum Row<'a> {
    /// All logits; rules change them in place.
    Logits(&'a mut [f32]),
    /// The best of them; forbidden tokens and the end are not among these.
    Best(&'a BestOfRow),
}

/// Normaliser of a row's logits, and its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choice {
    /// A token's log-probability is its logit minus this.
    pub(crate) log_sum: f64,
    /// The logit of the end, where the row may end and its logits no longer tell so.
    pub(crate) end: Option<Scored>,
}

impl Answer {
    /// The rows, `vocabulary` logits each.
    pub(crate) fn rows(&mut self, vocabulary: usize) -> Vec<Row<'_>> {
        match self {
            Answer::Logits(logits) => logits.chunks_mut(vocabulary.max(1)).map(Row::Logits).collect(),
            Answer::Best(rows) => rows.iter().map(Row::Best).collect(),
        }
    }

    /// Number of logits that the answer stands for.
    pub(crate) fn logits(&self, vocabulary: usize) -> usize {
        match self {
            Answer::Logits(logits) => logits.len(),
            Answer::Best(rows) => rows.len() * vocabulary,
        }
    }
}

impl Row<'_> {
    /// The best tokens of a choice, best first; minus infinity never.
    pub(crate) fn top(&self, count: usize, choice: &Choice) -> Vec<Scored> {
        match self {
            Row::Logits(logits) => top(logits, count),
            Row::Best(row) => {
                let mut best = row.tokens.clone();
                if let Some(end) = choice.end {
                    best.insert(best.partition_point(|better| *better > end), end);
                }
                best.truncate(count);
                best
            }
        }
    }
}
