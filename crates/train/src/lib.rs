//! From an experiment to a trained model, and from a trained model to results.
//!
//! [`prepare`] reads the data and fits the adapters of a checked experiment; a [`Trainer`] writes a
//! [`RunFolder`]; a [`Translator`] works from one.

mod aligned;
mod average;
mod batch;
pub mod bench;
mod changes;
pub mod controls;
mod corpus;
mod error;
pub mod evaluate;
pub mod groups;
mod log;
pub mod look;
mod losses;
mod objective;
mod observer;
mod oddities;
mod opened;
mod optimizer;
mod order;
mod pictures;
mod prepare;
mod references;
mod report;
mod schedule;
mod searching;
mod silence;
pub mod sweep;
mod tensorboard;
pub mod text_metrics;
mod trained;
mod trainer;
mod translated;
mod translator;
mod variation;
mod window;

pub use any2any_data::Broken;
pub use any2any_inference::Precision;
pub use average::average_weights;
pub use batch::{Batch, Framing, TargetFraming, Targets};
pub use corpus::Example;
pub use error::TrainError;
pub use observer::{Event, Observer, Progress, Stopped, TaskEvaluation};
pub use oddities::Oddities;
pub use opened::Warnings;
pub use optimizer::{GradientSum, Optimizer};
pub use prepare::{Prepared, PreparedTask, Split, check, prepare};
pub use report::{SplitReport, TaskReport};
pub use schedule::LearningRate;
pub use searching::Output;
pub use tensorboard::EventWriter;
pub use trained::{FinalScores, Trained};
pub use trainer::{Resuming, Trainer};
pub use translated::Translated;
pub use translator::{NextToken, PairScore, Translator};
