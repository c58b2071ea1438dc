//! Ensemble: several models that write one output together.

use crate::{Stepper, log_sum_exp};

/// Ensemble of models with one vocabulary: the probability of a token is the mean of the probabilities that the models
/// give it (as fairseq and OpenNMT-py do), so that the probabilities of an ensemble sum to one.
///
/// All steppers hold the same rows.
pub struct Ensemble<S> {
    members: Vec<S>,
}

impl<S: Stepper> Ensemble<S> {
    /// An ensemble of a model and others.
    pub fn new(first: S, others: impl IntoIterator<Item = S>) -> Self {
        Self { members: std::iter::once(first).chain(others).collect() }
    }
}

impl<S: Stepper> Stepper for Ensemble<S> {
    type Error = S::Error;

    fn vocabulary(&self) -> usize {
        self.members.first().map_or(0, Stepper::vocabulary)
    }

    /// The logarithms of the mean probabilities, `[rows, vocabulary]`.
    fn step(&mut self, tokens: &[u32]) -> Result<Vec<f32>, Self::Error> {
        let vocabulary = self.vocabulary().max(1);
        let mut all = Vec::with_capacity(self.members.len());
        for member in &mut self.members {
            let mut logits = member.step(tokens)?;
            logits.chunks_mut(vocabulary).for_each(normalize);
            all.push(logits);
        }
        Ok(log_mean(all))
    }

    fn select(&mut self, rows: &[usize]) -> Result<(), Self::Error> {
        self.members.iter_mut().try_for_each(|member| member.select(rows))
    }
}

/// Turns one row of logits into log-probabilities. A row that has no softmax becomes no numbers, which search reports.
fn normalize(row: &mut [f32]) {
    let log_sum = log_sum_exp(row);
    let log_sum = if log_sum.is_finite() { log_sum as f32 } else { f32::NAN };
    row.iter_mut().for_each(|logit| *logit -= log_sum);
}

/// The logarithm of the mean of exponentials, element by element.
fn log_mean(all: Vec<Vec<f32>>) -> Vec<f32> {
    let count = all.len() as f32;
    let mut all = all.into_iter();
    let mut mean = all.next().unwrap_or_default();
    let others: Vec<Vec<f32>> = all.collect();
    if others.is_empty() {
        return mean;
    }
    for (at, mean) in mean.iter_mut().enumerate() {
        let values = || std::iter::once(*mean).chain(others.iter().map(|other| other[at]));
        let highest = values().fold(f32::NEG_INFINITY, f32::max);
        let sum: f32 = values().map(|value| (value - highest).exp()).sum();
        // A token that every model forbids stays forbidden.
        *mean = if highest == f32::NEG_INFINITY { highest } else { highest + (sum / count).ln() };
    }
    mean
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::{Beam, SearchError, SearchOptions, SourceRow, Strategy, search};

    /// Gives the same logits whatever is fed, for as many rows as it holds.
    struct Fixed(Vec<f32>, usize);

    impl Stepper for Fixed {
        type Error = Infallible;

        fn vocabulary(&self) -> usize {
            self.0.len()
        }

        fn step(&mut self, tokens: &[u32]) -> Result<Vec<f32>, Infallible> {
            assert_eq!(tokens.len(), self.1, "all hold the same rows");
            Ok(self.0.repeat(self.1))
        }

        fn select(&mut self, rows: &[usize]) -> Result<(), Infallible> {
            self.1 = rows.len();
            Ok(())
        }
    }

    fn of_probabilities(probabilities: &[f32], shift: f32) -> Fixed {
        Fixed(probabilities.iter().map(|probability| probability.ln() + shift).collect(), 1)
    }

    #[test]
    fn probabilities_are_averaged() {
        // Logits of other sizes say the same: only probabilities count.
        let others =
            [of_probabilities(&[0.1, 0.9, 0.0, 0.0], 7.0), of_probabilities(&[0.2, 0.3, 0.5, 0.0], -3.0)];
        let mut ensemble = Ensemble::new(of_probabilities(&[0.6, 0.3, 0.1, 0.0], 0.0), others);
        let Ok(logits) = ensemble.step(&[0]);
        for (logit, expected) in logits.iter().zip([0.3, 0.5, 0.2, 0.0]) {
            assert!((logit.exp() - expected).abs() < 1e-6, "{logits:?}");
        }
    }

    #[test]
    fn a_beam_keeps_all_in_step_and_finds_what_they_agree_on() {
        // Each alone ends at once or writes its own favourite; together token 2 is the best.
        let one = of_probabilities(&[0.05, 0.5, 0.45], 0.0);
        let other = of_probabilities(&[0.5, 0.05, 0.45], 0.0);
        let source = SourceRow { id: 0, prefix: vec![], min_length: 3, max_length: 3 };
        let options = SearchOptions { strategy: Strategy::Beam(Beam::default()), ..SearchOptions::default() };
        let found =
            search(&mut Ensemble::new(one, [other]), &[source], 1, 0, &[], &options).expect("a search");
        assert_eq!(found[0][0].tokens, [2, 2, 2]);
    }

    #[test]
    fn a_diverged_member_is_an_error() {
        let source = SourceRow { id: 0, prefix: vec![], min_length: 0, max_length: 3 };
        let broken = Fixed(vec![f32::NAN, 0.0, 0.0], 1);
        let mut ensemble = Ensemble::new(of_probabilities(&[0.2, 0.3, 0.5], 0.0), [broken]);
        let error = search(&mut ensemble, &[source], 1, 0, &[], &SearchOptions::default());
        assert!(matches!(error, Err(SearchError::NotANumber { .. })), "{error:?}");
    }
}
