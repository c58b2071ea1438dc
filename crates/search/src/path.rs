//! Paths through the tokens, and searches that follow a single one: greedy and sampling.

use crate::hypothesis::normalized;
use crate::observer::{Considered, Fate};
use crate::rules::{Next, Rules, log_probability};
use crate::sampling::Sampler;
use crate::scores::Row;
use crate::{Hypothesis, NotANumber, Source, SourceRow};

/// A path: the beginning of a hypothesis.
#[derive(Clone, Default)]
pub(crate) struct Path {
    pub(crate) tokens: Vec<u32>,
    pub(crate) log_probability: f64,
    token_log_probabilities: Vec<f32>,
}

impl Path {
    /// The path with one more token.
    pub(crate) fn with(mut self, token: u32, log_probability: f32) -> Self {
        self.tokens.push(token);
        self.log_probability += f64::from(log_probability);
        self.token_log_probabilities.push(log_probability);
        self
    }

    /// The hypothesis that the path is when it ends here.
    pub(crate) fn ended(mut self, log_probability: f32, finished: bool, length_penalty: f64) -> Hypothesis {
        self.log_probability += f64::from(log_probability);
        self.token_log_probabilities.push(log_probability);
        Hypothesis {
            score: normalized(self.log_probability, self.token_log_probabilities.len(), length_penalty),
            tokens: self.tokens,
            log_probability: self.log_probability,
            token_log_probabilities: self.token_log_probabilities,
            finished,
        }
    }
}

/// Choice of the next token of a single path.
pub(crate) enum Pick {
    /// The most probable token.
    Best,
    /// A token drawn at random.
    Drawn(Sampler),
}

/// The search of one source along one path.
pub(crate) struct Single<'a> {
    source: &'a SourceRow,
    pick: Pick,
    path: Path,
    found: Option<Hypothesis>,
}

impl<'a> Single<'a> {
    pub(crate) fn new(source: &'a SourceRow, pick: Pick) -> Self {
        Self { source, pick, path: Path::default(), found: None }
    }

    /// Continues the path with a token.
    fn go_on(
        &mut self,
        path: Path,
        token: u32,
        log_probability: f32,
        watch: &mut dyn FnMut(Considered),
    ) -> Vec<(usize, u32)> {
        watch(considered(&path, Some(token), log_probability, Fate::Kept { row: 0 }));
        self.path = path.with(token, log_probability);
        vec![(0, token)]
    }
}

/// The only continuation of a single path, as an observer sees it.
fn considered(path: &Path, token: Option<u32>, log_probability: f32, fate: Fate) -> Considered {
    let total = path.log_probability + f64::from(log_probability);
    Considered { parent: 0, token, log_probability, total, score: total, fate }
}

impl Source for Single<'_> {
    fn advance(
        &mut self,
        rows: &mut [Row<'_>],
        rules: &Rules<'_>,
        watch: &mut dyn FnMut(Considered),
    ) -> Result<Vec<(usize, u32)>, NotANumber> {
        let row = rows.first_mut().ok_or(NotANumber)?;
        let path = std::mem::take(&mut self.path);
        let (token, log_probability, finished) = match rules.next(row, &path.tokens, self.source)? {
            Next::Forced(token, log_probability) => {
                return Ok(self.go_on(path, token, log_probability, watch));
            }
            Next::Ended(log_probability, finished) => (rules.end, log_probability, finished),
            Next::Choice(choice) => {
                let picked = match (&mut self.pick, row) {
                    (Pick::Best, row) => row.top(1, &choice).first().copied(),
                    (Pick::Drawn(sampler), Row::Logits(logits)) => sampler.draw(logits),
                    (Pick::Drawn(_), Row::Best(_)) => unreachable!("a draw asks for all logits"),
                };
                // There is a choice, so there is a token.
                let picked = picked.ok_or(NotANumber)?;
                (picked.token, log_probability(picked.logit, choice.log_sum), true)
            }
        };
        if token == rules.end {
            watch(considered(&path, None, log_probability, Fate::Finished));
            self.found = Some(path.ended(log_probability, finished, 0.0));
            return Ok(Vec::new());
        }
        Ok(self.go_on(path, token, log_probability, watch))
    }

    fn finish(self) -> Vec<Hypothesis> {
        self.found.into_iter().collect()
    }
}
