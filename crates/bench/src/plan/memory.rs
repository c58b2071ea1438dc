//! The memory of a training step, by part.

use any2any_architecture::{Activations, Architecture};
use any2any_experiment::spec::{Experiment, Optimizer};
use serde::Serialize;

/// The bytes of a 32-bit float.
const FLOAT: u64 = 4;

/// The most copies of a sum of gradients that the backward pass adds up in at a time, on threads of their own.
const PARTIAL_SUMS: u64 = 4;

/// What a training touches whatever its model, in bytes: as a very small one was measured.
const STARTED: u64 = 35_000_000;

/// The most logits that the loss holds at a time.
const LOGITS: u64 = 1 << 22;

/// The memory of a step with the largest batch of an epoch, in bytes: an estimate for the CPU backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MemoryPlan {
    /// The weights of the model.
    pub weights: u64,
    /// The gradients of all parameters that learn.
    pub gradients: u64,
    /// The state of the optimizer.
    pub optimizer: u64,
    /// The activations of the largest batch.
    pub activations: ActivationBytes,
    /// Sums that the backward pass of a layer adds up in, and gradients on their way through it.
    pub working: u64,
    /// Freed memory that the allocator keeps for blocks of other sizes: half as much as activations and working memory, whose
    /// sizes change from batch to batch.
    pub kept_free: u64,
    /// The process with its data, before there is a model, and what a training touches whatever its model: threads, buffers
    /// and the program itself.
    pub process: u64,
    /// The most at any time. Activations go while gradients come, so it is less than the sum.
    pub total: u64,
}

/// The activations of a batch, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ActivationBytes {
    /// Embeddings and stems.
    pub embeddings: u64,
    /// Layers of the encoder.
    pub encoder: u64,
    /// Layers of the decoder.
    pub decoder: u64,
    /// The exit and the loss.
    pub loss: u64,
    /// The largest layer while it is computed again; 0 without `recompute`.
    pub recomputed: u64,
    /// The sum.
    pub total: u64,
}

impl MemoryPlan {
    /// The plan for the activations of the largest batch, and the positions of the widest one; `learned` are the shapes of
    /// the parameters that learn, with their sizes, and `process` is what is there before.
    pub(super) fn new(
        experiment: &Experiment,
        model: &Architecture,
        learned: &[(Vec<usize>, u64)],
        activations: Activations,
        positions: u64,
        process: Option<u64>,
    ) -> Self {
        let weights = FLOAT * model.parameter_count();
        let gradients = FLOAT * learned.iter().map(|(_, size)| size).sum::<u64>();
        let optimizer = FLOAT
            * learned
                .iter()
                .map(|(shape, size)| state(&experiment.training.optimizer, shape, *size))
                .sum::<u64>();
        let widest =
            model.encoder.as_ref().map_or(0, |encoder| encoder.d_model).max(model.decoder.d_model) as u64;
        let outputs = model.heads.iter().map(|head| head.part.outputs() as u64).max().unwrap_or(0);
        let logits = LOGITS.min(positions * outputs);
        // Gradients of a stream, of what is projected from it, and of the encoder's states.
        let working = FLOAT * (PARTIAL_SUMS * model.largest_gradient() + 6 * positions * widest + logits);
        let activations = ActivationBytes::new(activations);
        let process = process.unwrap_or_default() + STARTED;
        // The gradients of the batches before stay while a further one is on its way.
        let summed = if experiment.training.accumulate > 1 { gradients } else { 0 };
        let kept_free = (activations.total + working) / 2;
        // The last layer to be computed again is there beside all gradients.
        let changing = activations.recomputed + (activations.total - activations.recomputed).max(gradients);
        let total = process + weights + optimizer + summed + changing + working + kept_free;
        Self { weights, gradients, optimizer, activations, working, kept_free, process, total }
    }

    /// What the training needs beside what the process holds already.
    pub(super) fn of_model(&self) -> u64 {
        self.total - self.process
    }
}

impl ActivationBytes {
    fn new(values: Activations) -> Self {
        let Activations { embeddings, encoder, decoder, loss, recomputed } = values;
        Self {
            embeddings: FLOAT * embeddings,
            encoder: FLOAT * encoder,
            decoder: FLOAT * decoder,
            loss: FLOAT * loss,
            recomputed: FLOAT * recomputed,
            total: FLOAT * values.total(),
        }
    }
}

/// The values that an optimizer keeps of a parameter.
fn state(optimizer: &Optimizer, shape: &[usize], size: u64) -> u64 {
    match (optimizer, shape) {
        (Optimizer::Adam(_) | Optimizer::AdamW(_), _) => 2 * size,
        (Optimizer::Adafactor(_), [rows, columns]) => (rows + columns) as u64,
        (Optimizer::Adafactor(_), _) => size,
        (Optimizer::Sgd(sgd), _) if sgd.momentum == 0.0 => 0,
        (Optimizer::Sgd(_), _) => size,
    }
}

#[cfg(test)]
mod tests {
    use any2any_experiment::spec::{Adafactor, Adam, AdamW, Sgd};

    use super::*;

    #[test]
    fn optimizers_keep_what_they_remember() {
        for (optimizer, matrix, vector) in [
            (Optimizer::Adam(Adam::default()), 24, 8),
            (Optimizer::AdamW(AdamW::default()), 24, 8),
            (Optimizer::Adafactor(Adafactor::default()), 7, 4),
            (Optimizer::Sgd(Sgd::default()), 0, 0),
            (Optimizer::Sgd(Sgd { momentum: 0.9 }), 12, 4),
        ] {
            assert_eq!(state(&optimizer, &[3, 4], 12), matrix, "{optimizer:?}");
            assert_eq!(state(&optimizer, &[4], 4), vector, "{optimizer:?}");
        }
    }
}
