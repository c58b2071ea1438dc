//! From an experiment to a trained model, and from a trained model to results.
//!
//! [`prepare`] reads the data and fits the adapters of a checked experiment; a [`Trainer`] writes a
//! [`RunFolder`]; a [`Translator`] works from one.

mod adapters;
mod aligned;
mod average;
mod batch;
pub mod bench;
mod build;
mod card;
mod checkpoint;
pub mod controls;
mod corpus;
mod device;
mod error;
pub mod evaluate;
mod files;
mod loaded;
mod log;
mod losses;
mod objective;
mod observer;
mod optimizer;
mod order;
mod parameters;
mod pictures;
mod prepare;
mod rounded;
mod run;
mod schedule;
mod searching;
mod sides;
mod tensorboard;
mod trained;
mod trainer;
mod translator;
mod variation;
mod window;

pub use adapters::{AdapterSet, TaskAdapters};
pub use any2any_inference::Precision;
pub use average::average_weights;
pub use batch::{Batch, Framing, TargetFraming, Targets};
pub use build::model_config;
pub use checkpoint::{Checkpoint, Checkpoints, Ranked, State, read_weights, write_weights};
pub use corpus::Example;
pub use device::{available_backends, device, name as backend_name};
pub use error::TrainError;
pub use observer::{Event, Observer, Progress, Stopped, TaskEvaluation};
pub use optimizer::{GradientSum, Optimizer};
pub use parameters::{Weights, shapes, weights, with_weights};
pub use prepare::{Prepared, PreparedTask, Split, check, prepare};
pub use rounded::write_rounded_weights;
pub use run::{Existing, RunFolder, fresh_model};
pub use schedule::{LearningRate, Plateau};
pub use searching::Output;
pub use sides::Broken;
pub use tensorboard::EventWriter;
pub use trained::{FinalScores, Trained};
pub use trainer::Trainer;
pub use translator::{NextToken, PairScore, Traced, Translator};
