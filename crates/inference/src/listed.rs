//! The part of a softmax that may be written for one source.

use any2any_kernels::host::decode::ranking::{Candidate, Ranking};
use any2any_kernels::host::decode::weights::{Scratch, Weights};
use any2any_search::{BestOfRow, Scored, Wanted};

/// The logit of tokens that are not listed, beside which their probability is 0 in 32-bit floats. It is finite, since a
/// prefix may have them.
const UNLISTED: f32 = -1e9;

/// The part of a softmax that may be written for one source.
#[derive(Debug)]
pub(crate) struct Listed {
    /// The tokens, in rising order.
    tokens: Vec<u32>,
    /// Their rows of the softmax's table.
    table: Weights,
}

impl Listed {
    /// The part of a table with these tokens, which must be in rising order.
    pub(crate) fn new(table: &Weights, tokens: Vec<u32>) -> Self {
        Self { table: table.select(&tokens), tokens }
    }

    /// The best of some rows of hidden states, `[rows, d_model]`.
    pub(crate) fn rank(&self, hidden: &[f32], wanted: &Wanted<'_>, scratch: &mut Scratch) -> Vec<BestOfRow> {
        let place = |token: &u32| self.tokens.binary_search(token).ok().map(|place| place as u32);
        let forbidden: Vec<u32> = wanted.forbidden.iter().filter_map(place).collect();
        let ranking = Ranking {
            table: &self.table,
            count: wanted.count.min(self.tokens.len()),
            // One that is not listed is none of the best either.
            end: place(&wanted.end).unwrap_or(u32::MAX),
            forbidden: &forbidden,
        };
        let scored =
            |Candidate { logit, token }: Candidate| Scored { logit, token: self.tokens[token as usize] };
        let rows = ranking.rows(hidden, scratch).into_iter().map(|ranked| BestOfRow {
            end: ranked.end.max(UNLISTED),
            log_sum: ranked.log_sum(),
            tokens: ranked.best.into_iter().map(scored).collect(),
        });
        rows.collect()
    }

    /// Makes tokens that are not listed improbable, `[vocabulary]`.
    pub(crate) fn withhold(&self, logits: &mut [f32]) {
        let mut listed = self.tokens.iter().peekable();
        for (token, logit) in (0..).zip(logits) {
            match listed.next_if(|&&next| next == token) {
                Some(_) => {}
                None => *logit = UNLISTED,
            }
        }
    }
}
