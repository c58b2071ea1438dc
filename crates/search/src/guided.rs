//! Classifier-free guidance: a model that follows its source more closely than it has learned.

use crate::Stepper;

/// Classifier-free guidance: the logits of one stepper, moved away from those of another.
///
/// The logits are `without + factor * (with - without)`: those of the first for a factor of 1, further away from the
/// second for more (classifier-free guidance, Ho and Salimans 2022, as Sanchez et al. 2023 have it for tokens). Both
/// steppers hold the same rows.
pub struct Guided<S> {
    with: S,
    without: S,
    factor: f32,
}

impl<S: Stepper> Guided<S> {
    /// A stepper with the source, one without, and the factor.
    pub fn new(with: S, without: S, factor: f32) -> Self {
        Self { with, without, factor }
    }
}

impl<S: Stepper> Stepper for Guided<S> {
    type Error = S::Error;

    fn vocabulary(&self) -> usize {
        self.with.vocabulary()
    }

    fn step(&mut self, tokens: &[u32]) -> Result<Vec<f32>, Self::Error> {
        let mut logits = self.with.step(tokens)?;
        let without = self.without.step(tokens)?;
        for (with, without) in logits.iter_mut().zip(without) {
            *with = without + self.factor * (*with - without);
        }
        Ok(logits)
    }

    fn select(&mut self, rows: &[usize]) -> Result<(), Self::Error> {
        self.with.select(rows)?;
        self.without.select(rows)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::{Beam, SearchOptions, SourceRow, Strategy, search};

    /// Gives the same logits whatever is fed, for as many rows as it holds.
    struct Fixed([f32; 3], usize);

    impl Stepper for Fixed {
        type Error = Infallible;

        fn vocabulary(&self) -> usize {
            3
        }

        fn step(&mut self, tokens: &[u32]) -> Result<Vec<f32>, Infallible> {
            assert_eq!(tokens.len(), self.1, "both hold the same rows");
            Ok(self.0.repeat(self.1))
        }

        fn select(&mut self, rows: &[usize]) -> Result<(), Infallible> {
            self.1 = rows.len();
            Ok(())
        }
    }

    #[test]
    fn logits_are_moved_away_from_those_without_a_source() {
        let (with, without) = ([2.0, 1.0, -1.0], [3.0, 0.5, -1.0]);
        for (factor, expected) in [(1.0, with), (0.0, without), (3.0, [0.0, 2.0, -1.0])] {
            let mut guided = Guided::new(Fixed(with, 2), Fixed(without, 2), factor);
            assert_eq!(guided.step(&[0, 0]), Ok(expected.repeat(2)), "factor {factor}");
        }
    }

    #[test]
    fn a_beam_keeps_both_in_step() {
        let mut guided = Guided::new(Fixed([2.0, 1.0, -1.0], 1), Fixed([3.0, 0.5, -1.0], 1), 3.0);
        let source = SourceRow { id: 0, prefix: vec![], min_length: 0, max_length: 3 };
        let options = SearchOptions { strategy: Strategy::Beam(Beam::default()), ..SearchOptions::default() };
        // Without guidance token 0, the end, is the best at once.
        let found = search(&mut guided, &[source], 2, 0, &[2], &options).expect("a search");
        assert_eq!(found[0][0].tokens, [1, 1, 1]);
    }
}
