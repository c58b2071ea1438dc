//! Beam search, never worse than greedy search.
//!
//! At each step the continuations of all live paths are ranked by log-probability. Those of the best `size`
//! that end are finished; the best `size` that do not end live on. The search of a source is over when
//! `size` hypotheses have finished, or sooner, when no live path can still beat the last of the `n_best`: a
//! path can only lose log-probability, so its score is at most the one it would have if it reached the
//! maximum length for nothing. That stop is exact: it never changes what is found.
//!
//! With a `size` of 1 this is greedy search. With more, plain beam search may drop the greedy path early and
//! end with something worse; ours never scores below greedy search under its own objective, because the
//! greedy path is carried on beside the beam, as one row more, when it falls out of it.

use crate::hypothesis::normalized;
use crate::observer::{Considered, Fate};
use crate::path::Path;
use crate::rules::{Next, Rules, log_probability};
use crate::scores::Row;
use crate::{Beam, Hypothesis, NotANumber, Source, SourceRow};

/// Beam search of one source.
pub(crate) struct BeamSource<'a> {
    source: &'a SourceRow,
    options: &'a Beam,
    live: Vec<Live>,
    /// The best finished hypotheses, best first, at most `n_best`.
    finished: Vec<Hypothesis>,
    /// Number of hypotheses that finished within the beam.
    ended: usize,
}

struct Live {
    path: Path,
    /// True if every token was the most probable one.
    greedy: bool,
}

/// A continuation of a path by one token or the end.
#[derive(Clone, Copy)]
struct Continuation {
    parent: usize,
    /// `None`: the end.
    token: Option<u32>,
    log_probability: f32,
    /// The log-probability of the whole path.
    total: f64,
    /// True if an end is the model's own.
    chosen: bool,
    greedy: bool,
}

impl Continuation {
    /// The continuation as an observer sees it.
    fn considered(&self, live: &[Live], length_penalty: f64, fate: Fate) -> Considered {
        let length = live[self.parent].path.tokens.len() + 1;
        Considered {
            parent: self.parent,
            token: self.token,
            log_probability: self.log_probability,
            total: self.total,
            score: normalized(self.total, length, length_penalty),
            fate,
        }
    }
}

impl<'a> BeamSource<'a> {
    pub(crate) fn new(source: &'a SourceRow, options: &'a Beam) -> Self {
        let live = vec![Live { path: Path::default(), greedy: true }];
        Self { source, options, live, finished: Vec::new(), ended: 0 }
    }

    /// The continuations that can matter, best first; of equals, the one of the better path, then the lower token.
    fn continuations(
        &self,
        rows: &mut [Row<'_>],
        rules: &Rules<'_>,
    ) -> Result<Vec<Continuation>, NotANumber> {
        let mut all = Vec::new();
        for (parent, (live, row)) in self.live.iter().zip(rows).enumerate() {
            let mut push = |token, log_probability: f32, chosen, best: bool| {
                let total = live.path.log_probability + f64::from(log_probability);
                let greedy = live.greedy && best;
                all.push(Continuation { parent, token, log_probability, total, chosen, greedy });
            };
            match rules.next(row, &live.path.tokens, self.source)? {
                Next::Forced(token, log_probability) => push(Some(token), log_probability, true, true),
                Next::Ended(log_probability, chosen) => push(None, log_probability, chosen, true),
                Next::Choice(choice) => {
                    // One more than the beam holds, because one of them may be the end.
                    let best = row.top(self.options.size.saturating_add(1), &choice);
                    for (rank, best) in best.into_iter().enumerate() {
                        let token = (best.token != rules.end).then_some(best.token);
                        push(token, log_probability(best.logit, choice.log_sum), true, rank == 0);
                    }
                }
            }
        }
        // The sort is stable, and they were pushed in the order in which equals shall stand.
        all.sort_by(|a, b| b.total.total_cmp(&a.total));
        Ok(all)
    }

    fn finish_path(&mut self, continuation: &Continuation) {
        let path = self.live[continuation.parent].path.clone();
        let length_penalty = self.options.length_penalty;
        let hypothesis = path.ended(continuation.log_probability, continuation.chosen, length_penalty);
        let at = self.finished.partition_point(|better| better.score >= hypothesis.score);
        self.finished.insert(at, hypothesis);
        self.finished.truncate(self.options.n_best);
    }

    /// True if a path may still become one of the `n_best`.
    fn can_win(&self, path: &Path) -> bool {
        let Some(last) = self.finished.get(self.options.n_best - 1) else {
            return true;
        };
        let longest = self.source.max_length.saturating_add(1);
        normalized(path.log_probability, longest, self.options.length_penalty) > last.score
    }
}

impl Source for BeamSource<'_> {
    fn advance(
        &mut self,
        rows: &mut [Row<'_>],
        rules: &Rules<'_>,
        watch: &mut dyn FnMut(Considered),
    ) -> Result<Vec<(usize, u32)>, NotANumber> {
        let size = self.options.size;
        let continuations = self.continuations(rows, rules)?;
        // Once the beam has finished, only the greedy path goes on.
        let over = self.ended >= size;
        let mut fates = vec![Fate::Pruned; continuations.len()];
        let mut kept: Vec<(usize, u32)> = Vec::with_capacity(size.saturating_add(1).min(continuations.len()));
        for (rank, continuation) in continuations.iter().enumerate() {
            let in_beam = !over && if continuation.token.is_some() { kept.len() < size } else { rank < size };
            if !in_beam && !continuation.greedy {
                continue;
            }
            match continuation.token {
                Some(token) => kept.push((rank, token)),
                None => {
                    fates[rank] = Fate::Finished;
                    self.ended += usize::from(in_beam);
                    self.finish_path(continuation);
                }
            }
        }
        let over = self.ended >= size;
        kept.retain(|&(rank, _)| !over || continuations[rank].greedy);

        let extend = |&(rank, token): &(usize, u32)| {
            let Continuation { parent, log_probability, greedy, .. } = continuations[rank];
            Live { path: self.live[parent].path.clone().with(token, log_probability), greedy }
        };
        let live: Vec<Live> = kept.iter().map(extend).collect();
        if !live.iter().any(|live| self.can_win(&live.path)) {
            kept.clear();
        }
        for (row, &(rank, _)) in kept.iter().enumerate() {
            fates[rank] = Fate::Kept { row };
        }
        for (continuation, fate) in continuations.iter().zip(fates) {
            watch(continuation.considered(&self.live, self.options.length_penalty, fate));
        }
        self.live = if kept.is_empty() { Vec::new() } else { live };
        Ok(kept.iter().map(|&(rank, token)| (continuations[rank].parent, token)).collect())
    }

    fn finish(self) -> Vec<Hypothesis> {
        self.finished
    }
}
