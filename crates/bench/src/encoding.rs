//! Encoder bench: forward and backward passes over one long sequence of frames, to show how time and memory grow with
//! its length.

use any2any_adapter::Seed;
use any2any_architecture::{Architecture, Entry, Head, Stem, TaskParts, names};
use any2any_experiment::spec::Experiment;
use any2any_model::{Initializer, Input, ModelConfig, Pass, Source};
use any2any_train::{Phase, Phases, TrainError, precision};
use burn::tensor::{Tensor, TensorData};
use serde::Serialize;

use super::peak_resident_bytes;
use super::training::backend;

/// The options of an encoder bench.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncoderBench {
    /// The number of frames of the sequence.
    pub frames: usize,
    /// The number of values of a frame, which a projection takes to `d_model`.
    pub width: usize,
    /// The number of measured passes, after one that is not measured.
    pub steps: usize,
}

/// The result of an encoder bench.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct EncoderReport {
    /// The experiment's name.
    pub name: String,
    /// The backend.
    pub backend: &'static str,
    /// The number of CPU threads.
    pub threads: usize,
    /// The number of parameters of projection and encoder.
    pub parameters: usize,
    /// The number of frames of the sequence.
    pub frames: usize,
    /// The number of values of a frame.
    pub width: usize,
    /// The number of measured passes.
    pub steps: usize,
    /// The mean time of a forward pass, in seconds.
    pub forward_seconds: f64,
    /// The mean time of a backward pass, in seconds.
    pub backward_seconds: f64,
    /// Frames a second, forward and backward.
    pub frames_per_second: f64,
    /// The peak memory of the process in bytes; `None` if the system does not say.
    pub peak_resident_bytes: Option<u64>,
}

impl EncoderBench {
    /// Measures passes of random frames through the encoder of an experiment's model, with random weights. Dropout is
    /// on, as in training; the gradient is that of the sum of all states.
    ///
    /// # Errors
    ///
    /// If the model has no encoder, or the backend is not built in.
    pub fn run(self, experiment: &Experiment) -> Result<EncoderReport, TrainError> {
        let Self { frames, width, steps } = self;
        let device = any2any_run::device::device(&experiment.device)?;
        let seed = Seed(experiment.seed);
        let architecture = reader(experiment, width);
        if architecture.encoder.is_none() {
            let reason = "the model has no encoder: choose a `transformer` or an `lstm`";
            return Err(TrainError::Unsupported(reason.to_owned()));
        }
        let dropout = experiment.model.dropout();
        let config = ModelConfig { dropout, ..ModelConfig::new(architecture) };
        let initializer = Initializer::new(seed, &device.clone().autodiff());
        let model = config.init(&initializer);
        let mut random = seed.random("frames", 0);
        let values: Vec<f32> = (0..frames * width).map(|_| random.normal() as f32).collect();
        let input = Tensor::<3>::from_data(TensorData::new(values, [1, frames, width]), initializer.device());

        let products = precision::products(precision::resolved(experiment.training.precision, &device));
        let mut phases = Phases::default();
        for step in 0..=steps as u64 {
            if step == 1 {
                phases = Phases::measured(device.clone());
            }
            let mut pass = Pass::training(seed, step).multiplying_in(products);
            let source = Source { input: Input::Frames(input.clone()), lengths: vec![frames] };
            let memory = model.encode(0, source, &mut pass).expect("a model with an encoder");
            phases.end(Phase::Forward);
            drop(memory.states.sum().backward());
            phases.end(Phase::Backward);
        }
        let seconds = |phase| phases.seconds(phase) / steps.max(1) as f64;
        let (forward_seconds, backward_seconds) = (seconds(Phase::Forward), seconds(Phase::Backward));
        Ok(EncoderReport {
            name: experiment.name.clone(),
            backend: backend(&experiment.device),
            threads: rayon::current_num_threads(),
            parameters: parameters_of_reading(&config.architecture),
            frames,
            width,
            steps,
            forward_seconds,
            backward_seconds,
            frames_per_second: frames as f64 / (forward_seconds + backward_seconds).max(1e-9),
            peak_resident_bytes: peak_resident_bytes(),
        })
    }
}

/// The architecture of an experiment's model with frames as source and target.
fn reader(experiment: &Experiment, width: usize) -> Architecture {
    let (encoder, decoder) = experiment.model.stacks();
    let source = encoder.is_some().then_some(0);
    Architecture {
        encoder_blocks: Vec::new(),
        encoder,
        decoder,
        stems: vec![Entry::new("frames", Stem::Projection { width })],
        heads: vec![Entry::new("frames", Head::Frames { width, stops: false })],
        alignments: Vec::new(),
        tasks: vec![TaskParts { name: "frames".to_owned(), source, target: 0, head: 0, alignment: None }],
    }
}

/// The number of parameters of stem and encoder.
fn parameters_of_reading(architecture: &Architecture) -> usize {
    let reads = |name: &str| [names::STEMS, names::ENCODER].iter().any(|part| name.starts_with(part));
    let parameters = architecture.parameters().into_iter().filter(|parameter| reads(&parameter.name));
    parameters.map(|parameter| parameter.shape.iter().product::<usize>()).sum()
}
