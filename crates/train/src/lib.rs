//! From an experiment to a trained model, and from a trained model to results.
//!
//! [`prepare`] reads the data and fits the adapters of a checked experiment; a [`Trainer`] writes a
//! [`RunFolder`]; a [`Translator`] works from one.

mod average;
pub mod bench;
mod changes;
mod error;
mod log;
mod objective;
mod observer;
mod optimizer;
mod order;
mod prepare;
mod report;
mod schedule;
mod silence;
pub mod sweep;
mod tensorboard;
mod trained;
mod trainer;
mod variation;
mod window;

pub use average::average_weights;
pub use error::TrainError;
pub use observer::{Event, Observer, Progress, Stopped, TaskEvaluation};
pub use optimizer::{GradientSum, Optimizer};
pub use prepare::{Prepared, PreparedTask, check, prepare};
pub use report::{SplitReport, TaskReport};
pub use schedule::LearningRate;
pub use tensorboard::EventWriter;
pub use trained::{FinalScores, Trained};
pub use trainer::{Resuming, Trainer};
