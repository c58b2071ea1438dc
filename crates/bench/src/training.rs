//! Training bench: the first steps of a training, measured, without a run at the end.

use any2any_architecture::{Architecture, BatchShape};
use any2any_data::batching::Lengths;
use any2any_experiment::spec;
use any2any_run::device::{available_backends, name};
use any2any_run::{Existing, RunError, RunFolder, architecture};
use any2any_train::{Phase, Phases, Prepared, TrainError, Trainer};
use any2any_translate::batch::Batch;
use burn::tensor::Device;
use serde::Serialize;

use super::{MatrixProduct, cut, peak_resident_bytes};

/// The options of a training bench.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrainingBench {
    /// The number of steps before the first measured one.
    pub warm_up: u64,
    /// The number of measured steps.
    pub steps: u64,
    /// The exact length of samples in source and target tokens, cut from the data's own; `None`: the data's samples.
    pub length: Option<usize>,
}

/// The result of a training bench. Rates are a second; tokens are those of the data, padding excluded.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct TrainingReport {
    /// The experiment's name.
    pub name: String,
    /// The backend.
    pub backend: &'static str,
    /// The number of CPU threads.
    pub threads: usize,
    /// The number of parameters.
    pub parameters: usize,
    /// The number of batches in one epoch of every task.
    pub batches_an_epoch: usize,
    /// The number of steps before the first measured one.
    pub warm_up_steps: u64,
    /// The number of measured steps.
    pub steps: u64,
    /// The number of samples in the measured steps.
    pub samples: usize,
    /// The number of target tokens in the measured steps, end tokens included.
    pub target_tokens: usize,
    /// The number of source positions in the measured steps.
    pub source_tokens: usize,
    /// Target tokens a second.
    pub target_tokens_per_second: f64,
    /// Source positions a second.
    pub source_tokens_per_second: f64,
    /// The share of padding in all positions.
    pub padding_share: PaddingShare,
    /// The time of each phase.
    pub seconds: PhaseSeconds,
    /// The mean time of a step, in seconds.
    pub seconds_per_step: f64,
    /// The peak memory of the process until the last step, in bytes; `None` if the system does not say.
    pub peak_resident_bytes: Option<u64>,
    /// The number of floating-point operations of all matrix products in the measured steps, forward and backward.
    pub floating_point_operations: u64,
    /// Floating-point operations a second.
    pub floating_point_operations_per_second: f64,
    /// The best rate of a single matrix product on this device, before and after the measured steps.
    pub matrix_product_rate: f64,
    /// The measured products, each with its best rate.
    pub matrix_products: Vec<ProductRate>,
    /// The rate of training as a share of the rate of a single product.
    pub share_of_matrix_product_rate: f64,
    /// The mean loss of a target token against smoothed targets in the last step, in nats.
    pub last_loss: f64,
}

/// The shares of positions that are padding.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PaddingShare {
    /// The share of source positions; `None` without sources.
    pub source: Option<f64>,
    /// The share of target positions.
    pub target: f64,
    /// The share of all positions.
    pub both: f64,
}

/// The time of each phase, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PhaseSeconds {
    /// Waiting for the next batch.
    pub data: f64,
    /// The forward pass, from the batch to the loss, with the values that the loss keeps for its gradient.
    pub forward: f64,
    /// The backward pass, from the loss to all gradients.
    pub backward: f64,
    /// The norm of the gradients, clipping, and the update of the weights.
    pub optimizer: f64,
    /// The sum of all phases.
    pub total: f64,
}

/// A matrix product and its best rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ProductRate {
    /// The sizes of the product.
    #[serde(flatten)]
    pub product: MatrixProduct,
    /// The rate in floating-point operations a second.
    pub rate: f64,
}

impl TrainingBench {
    /// Trains the measured steps, in a temporary folder that is removed afterwards.
    ///
    /// # Errors
    ///
    /// If a loss is not finite, the backend is missing, or the temporary folder cannot be written.
    pub fn run(self, mut prepared: Prepared) -> Result<TrainingReport, TrainError> {
        if let Some(length) = self.length {
            prepared.tasks.iter_mut().try_for_each(|task| cut::to_length(task, length))?;
        }
        let folder = tempfile::tempdir().map_err(RunError::io(&std::env::temp_dir()))?;
        let experiment = prepared.experiment.clone();
        let device = any2any_run::device::device(&experiment.device)?;
        let model = architecture(&experiment, &prepared.adapters);
        let lengths = prepared.tasks.iter().map(|task| task.lengths().into_owned()).collect();
        let mut tally = Tally::new(model, lengths);
        let mut machine = Machine::new(&tally.model, experiment.training.batch.tokens);

        let trainer = Trainer::start(prepared, RunFolder::new(folder.path()), Existing::Keep)?;
        let mut rehearsal = trainer.rehearse()?;
        let parameters = rehearsal.parameters();
        for _ in 0..self.warm_up {
            rehearsal.step()?;
        }
        machine.measure(&device);
        rehearsal.measure(Phases::measured(device.clone()));
        for _ in 0..self.steps {
            let (update, outcome) = rehearsal.step()?;
            tally.add(&update);
            tally.last_loss = outcome.smoothed / outcome.tokens.max(1) as f64;
            rehearsal.phases().skip();
        }
        let seconds = PhaseSeconds::of(rehearsal.phases());
        let peak_resident_bytes = peak_resident_bytes();
        machine.measure(&device);

        let a_second = |count: f64| count / seconds.total.max(1e-9);
        let rate = a_second(tally.operations as f64);
        Ok(TrainingReport {
            backend: backend(&experiment.device),
            name: experiment.name,
            threads: rayon::current_num_threads(),
            parameters,
            batches_an_epoch: rehearsal.batches_an_epoch(),
            warm_up_steps: self.warm_up,
            steps: self.steps,
            samples: tally.samples,
            target_tokens: tally.target.tokens,
            source_tokens: tally.source.tokens,
            target_tokens_per_second: a_second(tally.target.tokens as f64),
            source_tokens_per_second: a_second(tally.source.tokens as f64),
            padding_share: tally.padding_share(),
            seconds,
            seconds_per_step: seconds.total / self.steps.max(1) as f64,
            peak_resident_bytes,
            floating_point_operations: tally.operations,
            floating_point_operations_per_second: rate,
            matrix_product_rate: machine.best(),
            share_of_matrix_product_rate: rate / machine.best(),
            matrix_products: machine.products,
            last_loss: tally.last_loss,
        })
    }
}

/// The name of the backend that is chosen.
pub(super) fn backend(device: &spec::Device) -> &'static str {
    let backend = match device.backend {
        spec::Backend::Auto => available_backends().first().copied().unwrap_or(device.backend),
        chosen => chosen,
    };
    name(backend)
}

impl PhaseSeconds {
    fn of(phases: &Phases) -> Self {
        let [data, forward, backward, optimizer] =
            [Phase::Data, Phase::Forward, Phase::Backward, Phase::Optimizer]
                .map(|phase| phases.seconds(phase));
        Self { data, forward, backward, optimizer, total: data + forward + backward + optimizer }
    }
}

/// The machine's own rate, measured several times.
struct Machine {
    products: Vec<ProductRate>,
}

impl Machine {
    fn new(model: &Architecture, positions: usize) -> Self {
        let products = MatrixProduct::of_model(model, positions);
        Self { products: products.into_iter().map(|product| ProductRate { product, rate: 0.0 }).collect() }
    }

    fn measure(&mut self, device: &Device) {
        for known in &mut self.products {
            known.rate = known.rate.max(known.product.rate(device));
        }
    }

    fn best(&self) -> f64 {
        self.products.iter().map(|known| known.rate).fold(0.0, f64::max)
    }
}

/// The positions of one side of all batches.
#[derive(Clone, Copy, Debug, Default)]
struct PositionCounts {
    tokens: usize,
    all: usize,
}

impl PositionCounts {
    fn add(&mut self, lengths: impl Iterator<Item = usize> + Clone) -> usize {
        let widest = lengths.clone().max().unwrap_or(0);
        self.tokens += lengths.clone().sum::<usize>();
        self.all += lengths.count() * widest;
        widest
    }

    fn padding(self) -> f64 {
        (self.all - self.tokens) as f64 / self.all.max(1) as f64
    }
}

/// The counts of the measured batches.
struct Tally {
    model: Architecture,
    /// The lengths of each task's samples.
    lengths: Vec<Vec<Lengths>>,
    samples: usize,
    source: PositionCounts,
    target: PositionCounts,
    operations: u64,
    last_loss: f64,
}

impl Tally {
    fn new(model: Architecture, lengths: Vec<Vec<Lengths>>) -> Self {
        let (source, target) = (PositionCounts::default(), PositionCounts::default());
        Self { model, lengths, samples: 0, source, target, operations: 0, last_loss: f64::NAN }
    }

    fn add(&mut self, update: &[Batch]) {
        for batch in update {
            let lengths = batch.samples.iter().map(|&sample| self.lengths[batch.task][sample]);
            self.samples += batch.rows();
            let shape = BatchShape {
                rows: batch.rows(),
                source: self.source.add(lengths.clone().map(|lengths| lengths.source())),
                target: self.target.add(lengths.map(|lengths| lengths.target())),
            };
            self.operations += 3 * self.model.forward_operations(batch.task, shape);
        }
    }

    fn padding_share(&self) -> PaddingShare {
        let (source, target) = (self.source, self.target);
        let both = PositionCounts { tokens: source.tokens + target.tokens, all: source.all + target.all };
        PaddingShare {
            source: (source.all > 0).then(|| source.padding()),
            target: target.padding(),
            both: both.padding(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_what_a_batch_has_beyond_its_tokens() {
        let mut side = PositionCounts::default();
        assert_eq!(side.add([3, 5, 2].into_iter()), 5);
        assert_eq!(side.add([4].into_iter()), 4);
        assert_eq!((side.tokens, side.all), (14, 19));
        assert!((side.padding() - 5.0 / 19.0).abs() < 1e-12);
        assert_eq!(PositionCounts::default().padding(), 0.0);
    }
}
