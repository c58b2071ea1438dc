//! An observer: at every evaluation, how large the model's weights have become.

use any2any::burn::module::{Module, ModuleVisitor, Param};
use any2any::burn::tensor::Tensor;
use any2any::{Observer, TrainingEvent};

/// Prints the step, the loss and the norm of all weights, ten times in a training.
#[derive(Default)]
pub(crate) struct Norms {
    squares: f64,
}

impl ModuleVisitor for Norms {
    fn visit_float<const D: usize>(&mut self, weight: &Param<Tensor<D>>) {
        self.squares += weight.val().into_data().iter::<f64>().map(|value| value * value).sum::<f64>();
    }
}

impl Observer for Norms {
    fn event(&mut self, event: TrainingEvent<'_>) {
        let TrainingEvent::Step { progress, model } = event else { return };
        if progress.step.is_multiple_of((progress.steps / 10).max(1)) {
            self.squares = 0.0;
            model.visit(self);
            let (step, loss, norm) = (progress.step, progress.loss, self.squares.sqrt());
            eprintln!("norm of all weights after step {step}: {norm:.3}, loss {loss:.3}");
        }
    }
}
