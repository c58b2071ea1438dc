//! A search that can be cancelled: its model is asked for nothing more.

use std::convert::Infallible;

use any2any_adapter::{Cancellation, Cancelled};

use crate::{Answer, Stepper, Wanted};

/// A stepper that checks a cancellation at every step.
#[derive(Debug)]
pub struct Cancellable<S> {
    stepper: S,
    cancellation: Cancellation,
}

impl<S> Cancellable<S> {
    /// A stepper that fails once it is cancelled.
    pub fn new(stepper: S, cancellation: Cancellation) -> Self {
        Self { stepper, cancellation }
    }
}

impl<S: Stepper<Error = Infallible>> Stepper for Cancellable<S> {
    type Error = Cancelled;

    fn vocabulary(&self) -> usize {
        self.stepper.vocabulary()
    }

    fn step(&mut self, tokens: &[u32]) -> Result<Vec<f32>, Cancelled> {
        self.cancellation.check()?;
        let Ok(logits) = self.stepper.step(tokens);
        // The answer of a pass that was cancelled on its way is no answer.
        self.cancellation.check()?;
        Ok(logits)
    }

    fn rank(&mut self, tokens: &[u32], wanted: &Wanted<'_>) -> Result<Answer, Cancelled> {
        self.cancellation.check()?;
        let Ok(answer) = self.stepper.rank(tokens, wanted);
        self.cancellation.check()?;
        Ok(answer)
    }

    fn select(&mut self, rows: &[usize]) -> Result<(), Cancelled> {
        let Ok(()) = self.stepper.select(rows);
        Ok(())
    }
}
