//! Grid beam search (Hokamp and Liu 2017): the best outputs among those that contain given phrases.
//!
//! Paths compete only with those that have come as far with the phrases: each number of tokens that are still needed
//! has a beam of its own, so that a path that writes a phrase is not pushed out by one that never will. Progress may
//! be lost, as in the states of Post and Vilar (2018): a token that begins a phrase by chance may be followed by
//! any other. A path that would not have the room for what it needs is dropped, and one that has just the room is
//! continued with phrases alone, so every output has them. Greedy search is a beam of one, with as many rows beside it as
//! tokens are needed.
//!
//! What lacks a phrase where the model would end has gone too far: the phrase could only be added behind the end. Such
//! paths give way to all others, and count only if no other output is found.
//!
//! The search of a source is over when no live path is better than the last of the `n_best`, each by its score at its
//! present length, or when all paths have reached the maximum length.

use crate::hypothesis::normalized;
use crate::observer::{Considered, Fate};
use crate::path::Path;
use crate::phrases::{Coverage, Phrase};
use crate::rules::{Next, Rules, log_probability};
use crate::scores::Row;
use crate::{Beam, Hypothesis, NotANumber, Source, SourceRow};

/// The log-probability of a token that a phrase needs and the model, or a rule, forbids.
const FORBIDDEN: f32 = -1e3;

/// Grid beam search of one source.
pub(crate) struct GridSource<'a> {
    source: &'a SourceRow,
    phrases: &'a [Phrase],
    options: Beam,
    live: Vec<Live>,
    /// The best finished hypotheses, best first, at most `n_best`; and whether each went beyond its end.
    finished: Vec<(bool, Hypothesis)>,
    /// The path with the most phrases that can go on no more, which counts if no hypothesis finishes.
    stuck: Option<(usize, Hypothesis)>,
}

struct Live {
    path: Path,
    coverage: Coverage,
    /// True if the model would have ended before all phrases were written.
    beyond_end: bool,
}

/// A continuation of a path by one token or the end.
struct Continuation {
    parent: usize,
    /// `None`: the end.
    token: Option<u32>,
    log_probability: f32,
    /// The log-probability of the whole path.
    total: f64,
    /// True if an end is the model's own.
    chosen: bool,
    coverage: Coverage,
    beyond_end: bool,
}

impl<'a> GridSource<'a> {
    pub(crate) fn new(source: &'a SourceRow, phrases: &'a [Phrase], options: Beam) -> Self {
        let live = vec![Live { path: Path::default(), coverage: Coverage::new(phrases), beyond_end: false }];
        Self { source, phrases, options, live, finished: Vec::new(), stuck: None }
    }

    /// The continuations that keep room for what they need: those that did not go beyond their end first, then by
    /// log-probability; of equals, the one of the earlier path, then the lower token.
    fn continuations(
        &mut self,
        rows: &mut [Row<'_>],
        rules: &Rules<'_>,
    ) -> Result<Vec<Continuation>, NotANumber> {
        let mut all = Vec::new();
        for parent in 0..self.live.len() {
            let live = &self.live[parent];
            let row = rows.get_mut(parent).ok_or(NotANumber)?;
            let wanted = live.coverage.next_tokens(&live.path.tokens, self.phrases);
            let before: Vec<f32> = match &row {
                Row::Logits(logits) => wanted.iter().map(|&token| logits[token as usize]).collect(),
                Row::Best(_) => unreachable!("phrases ask for all logits"),
            };
            let complete = live.coverage.needed() == 0;
            let mut pushed = Vec::new();
            let mut beyond_end = live.beyond_end;
            match rules.next(row, &live.path.tokens, self.source)? {
                Next::Forced(token, log_probability) => pushed.push((Some(token), log_probability, true)),
                Next::Ended(log_probability, chosen) if complete => {
                    pushed.push((None, log_probability, chosen));
                }
                Next::Ended(log_probability, _) => {
                    pushed.extend(wanted.iter().map(|&token| (Some(token), FORBIDDEN, true)));
                    self.keep_stuck(parent, log_probability);
                }
                Next::Choice(choice) => {
                    let best = row.top(self.options.size.saturating_add(1 + wanted.len()), &choice);
                    beyond_end |= !complete && best.first().is_some_and(|best| best.token == rules.end);
                    for best in &best {
                        let token = (best.token != rules.end).then_some(best.token);
                        if token.is_some() || complete {
                            pushed.push((token, log_probability(best.logit, choice.log_sum), true));
                        }
                    }
                    for (&token, before) in wanted.iter().zip(before) {
                        if best.iter().all(|best| best.token != token) {
                            let log_probability = log_probability(before, choice.log_sum).max(FORBIDDEN);
                            pushed.push((Some(token), log_probability, true));
                        }
                    }
                }
            }
            self.add(parent, beyond_end, pushed, &mut all);
        }
        // The sort is stable, and they were pushed in the order in which equals shall stand.
        all.sort_by(|a, b| a.beyond_end.cmp(&b.beyond_end).then(b.total.total_cmp(&a.total)));
        Ok(all)
    }

    /// Adds those continuations of a path that keep room for what they need.
    fn add(
        &self,
        parent: usize,
        beyond_end: bool,
        pushed: Vec<(Option<u32>, f32, bool)>,
        all: &mut Vec<Continuation>,
    ) {
        let live = &self.live[parent];
        let mut tokens = live.path.tokens.clone();
        for (token, log_probability, chosen) in pushed {
            let coverage = match token {
                None => live.coverage.clone(),
                Some(token) => {
                    tokens.push(token);
                    let coverage = live.coverage.after(&tokens, self.phrases);
                    let fits = tokens.len() + coverage.needed() <= self.source.max_length;
                    tokens.pop();
                    if !fits {
                        continue;
                    }
                    coverage
                }
            };
            let total = live.path.log_probability + f64::from(log_probability);
            all.push(Continuation { parent, token, log_probability, total, chosen, coverage, beyond_end });
        }
    }

    fn finish_path(&mut self, continuation: &Continuation) {
        let path = self.live[continuation.parent].path.clone();
        let hypothesis =
            path.ended(continuation.log_probability, continuation.chosen, self.options.length_penalty);
        let rank = |beyond_end: bool, score: f64| (!beyond_end, score);
        let own = rank(continuation.beyond_end, hypothesis.score);
        let at = self.finished.partition_point(|(beyond_end, better)| rank(*beyond_end, better.score) >= own);
        self.finished.insert(at, (continuation.beyond_end, hypothesis));
        self.finished.truncate(self.options.n_best);
    }

    /// Remembers a path that must end before it has all phrases, if it has more of them than the one before.
    fn keep_stuck(&mut self, parent: usize, log_probability: f32) {
        let Live { path, coverage, .. } = &self.live[parent];
        let hypothesis = path.clone().ended(log_probability, false, self.options.length_penalty);
        let better = |(count, known): &(usize, Hypothesis)| {
            (coverage.count(), hypothesis.score) > (*count, known.score)
        };
        if self.stuck.as_ref().is_none_or(better) {
            self.stuck = Some((coverage.count(), hypothesis));
        }
    }

    /// True if a path is better than the last of the `n_best`, were it to end now.
    fn can_win(&self, live: &Live) -> bool {
        let Some((beyond_end, last)) = self.finished.get(self.options.n_best - 1) else {
            return true;
        };
        let Live { path, .. } = live;
        let score = normalized(path.log_probability, path.tokens.len() + 1, self.options.length_penalty);
        (!live.beyond_end, score) > (!beyond_end, last.score)
    }
}

impl Source for GridSource<'_> {
    fn advance(
        &mut self,
        rows: &mut [Row<'_>],
        rules: &Rules<'_>,
        watch: &mut dyn FnMut(Considered),
    ) -> Result<Vec<(usize, u32)>, NotANumber> {
        let size = self.options.size;
        let continuations = self.continuations(rows, rules)?;
        let mut fates = vec![Fate::Pruned; continuations.len()];
        let banks = continuations.iter().map(|one| one.coverage.needed() + 1).max().unwrap_or(0);
        // Of each bank, the number of continuations so far, and of those that live.
        let (mut ranks, mut lives) = (vec![0; banks], vec![0; banks]);
        let mut kept: Vec<(usize, u32)> = Vec::new();
        for (number, continuation) in continuations.iter().enumerate() {
            let bank = continuation.coverage.needed();
            match continuation.token {
                Some(token) if lives[bank] < size => {
                    lives[bank] += 1;
                    kept.push((number, token));
                }
                None if ranks[bank] < size => {
                    fates[number] = Fate::Finished;
                    self.finish_path(continuation);
                }
                _ => {}
            }
            ranks[bank] += 1;
        }
        let extend = |&(number, token): &(usize, u32)| {
            let Continuation { parent, log_probability, coverage, beyond_end, .. } = &continuations[number];
            let path = self.live[*parent].path.clone().with(token, *log_probability);
            Live { path, coverage: coverage.clone(), beyond_end: *beyond_end }
        };
        let live: Vec<Live> = kept.iter().map(extend).collect();
        if !live.iter().any(|live| self.can_win(live)) {
            kept.clear();
        }
        for (row, &(number, _)) in kept.iter().enumerate() {
            fates[number] = Fate::Kept { row };
        }
        for (continuation, fate) in continuations.iter().zip(fates) {
            let Continuation { parent, token, log_probability, total, .. } = *continuation;
            let length = self.live[parent].path.tokens.len() + 1;
            let score = normalized(total, length, self.options.length_penalty);
            watch(Considered { parent, token, log_probability, total, score, fate });
        }
        if kept.is_empty() && self.finished.is_empty() {
            (0..self.live.len()).for_each(|parent| self.keep_stuck(parent, 0.0));
        }
        self.live = if kept.is_empty() { Vec::new() } else { live };
        Ok(kept.iter().map(|&(number, token)| (continuations[number].parent, token)).collect())
    }

    fn finish(self) -> Vec<Hypothesis> {
        match (self.finished.is_empty(), self.stuck) {
            (true, Some((_, hypothesis))) => vec![hypothesis],
            _ => {
                let best = self.finished.first().map(|(beyond_end, _)| *beyond_end);
                let alike = self.finished.into_iter().filter(|(beyond_end, _)| Some(*beyond_end) == best);
                alike.map(|(_, hypothesis)| hypothesis).collect()
            }
        }
    }
}
