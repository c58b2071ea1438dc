//! Models to search: random ones, and one that never changes its mind.

use std::convert::Infallible;

use any2any_adapter::Seed;
use any2any_search::{Answer, BestOfRow, Scored, SourceRow, Stepper, Wanted};

pub(crate) const END: u32 = 0;
pub(crate) const BEGIN: u32 = 1;
/// The first token that is neither begin nor end.
pub(crate) const FIRST: u32 = 2;

/// A random model: the logits are drawn from the source and the last `memory` tokens.
#[derive(Clone)]
pub(crate) struct Table {
    seed: u64,
    pub(crate) vocabulary: usize,
    memory: usize,
    /// Spread of the logits.
    spread: f64,
    pub(crate) rows: Vec<(u64, Vec<u32>)>,
    /// The rows of each step so far.
    pub(crate) steps: Vec<usize>,
}

impl Table {
    pub(crate) fn new(seed: u64, vocabulary: usize, memory: usize, sources: &[SourceRow]) -> Self {
        let rows = sources.iter().map(|source| (source.id, Vec::new())).collect();
        Self { seed, vocabulary, memory, spread: 1.5, rows, steps: Vec::new() }
    }

    pub(crate) fn logits(&self, source: u64, history: &[u32]) -> Vec<f32> {
        let recent = &history[history.len().saturating_sub(self.memory)..];
        let context =
            recent.iter().fold(source + 1, |key, &token| key.wrapping_mul(1_000_003) + u64::from(token) + 1);
        let mut random = Seed(self.seed).random("logits", context);
        (0..self.vocabulary).map(|_| (self.spread * random.normal()) as f32).collect()
    }

    pub(crate) fn log_probabilities(&self, source: u64, history: &[u32]) -> Vec<f64> {
        let logits = self.logits(source, history);
        let sum = logits.iter().map(|&logit| f64::from(logit).exp()).sum::<f64>().ln();
        logits.iter().map(|&logit| f64::from(logit) - sum).collect()
    }
}

impl Stepper for Table {
    type Error = Infallible;

    fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    fn step(&mut self, tokens: &[u32]) -> Result<Vec<f32>, Infallible> {
        assert_eq!(tokens.len(), self.rows.len(), "a token for each row");
        self.steps.push(tokens.len());
        self.rows.iter_mut().zip(tokens).for_each(|((_, history), &token)| history.push(token));
        Ok(self.rows.iter().flat_map(|(source, history)| self.logits(*source, history)).collect())
    }

    fn select(&mut self, rows: &[usize]) -> Result<(), Infallible> {
        self.rows = rows.iter().map(|&row| self.rows[row].clone()).collect();
        Ok(())
    }
}

/// A model that ranks its logits itself where search wants no more; and how often it did.
pub(crate) struct Ranking(pub(crate) Table, pub(crate) usize);

impl Stepper for Ranking {
    type Error = Infallible;

    fn vocabulary(&self) -> usize {
        self.0.vocabulary
    }

    fn step(&mut self, tokens: &[u32]) -> Result<Vec<f32>, Infallible> {
        self.0.step(tokens)
    }

    fn rank(&mut self, tokens: &[u32], wanted: &Wanted<'_>) -> Result<Answer, Infallible> {
        self.1 += 1;
        let logits = self.0.step(tokens)?;
        let best_of = |row: &[f32]| {
            let scored = (0..).zip(row).map(|(token, &logit)| Scored { logit, token });
            let may_be_best =
                |one: &Scored| one.token != wanted.end && !wanted.forbidden.contains(&one.token);
            let mut tokens: Vec<Scored> = scored.filter(may_be_best).collect();
            tokens.sort_by(|a, b| b.cmp(a));
            tokens.truncate(wanted.count);
            let log_sum = row.iter().map(|&logit| f64::from(logit).exp()).sum::<f64>().ln();
            BestOfRow { tokens, end: row[wanted.end as usize], log_sum }
        };
        Ok(Answer::Best(logits.chunks(self.0.vocabulary).map(best_of).collect()))
    }

    fn select(&mut self, rows: &[usize]) -> Result<(), Infallible> {
        self.0.select(rows)
    }
}

/// A model that gives each row the same logits, and how many steps it was asked for.
pub(crate) struct Constant(pub(crate) Vec<f32>, pub(crate) usize);

impl Stepper for Constant {
    type Error = Infallible;

    fn vocabulary(&self) -> usize {
        4
    }

    fn step(&mut self, tokens: &[u32]) -> Result<Vec<f32>, Infallible> {
        self.1 += 1;
        Ok(self.0.repeat(tokens.len()))
    }

    fn select(&mut self, _: &[usize]) -> Result<(), Infallible> {
        Ok(())
    }
}
