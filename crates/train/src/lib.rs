//! Training, from an experiment to a trained model.
//!
//! [`prepare()`] reads the data and fits the adapters of a checked experiment; a [`Trainer`] writes a
//! [`RunFolder`](any2any_run::RunFolder), from which a [`Translator`](any2any_translate::Translator) works. A
//! [`Rehearsal`] is a training without a record, whose caller makes the updates one by one.

mod adaptation;
mod augmentation;
mod auxiliary_loss;
mod average;
mod batch_sampler;
mod changes;
mod error;
mod gradient_exchange;
mod gradient_sum;
mod layer_exchange;
mod learned_shortlist;
mod learning;
mod lexicon;
mod log;
mod objective;
mod observer;
mod optimizer;
mod phases;
pub mod precision;
mod prepare;
mod ranks;
mod rehearsal;
mod report;
mod running_mean;
mod schedule;
mod source_dropout;
mod start_report;
mod tensorboard;
mod trained;
mod trainer;
mod training_examples;
mod updates;
mod wire;

pub use any2any_mpi::ConnectError;
pub use auxiliary_loss::{AuxiliaryLoss, LossBatch, LossPairs, with_loss};
pub use average::average_weights;
pub use error::TrainError;
pub use gradient_sum::GradientSum;
pub use learned_shortlist::{ShortlistOptions, learn_shortlist};
pub use learning::{Learns, learned};
pub use observer::{Event, Observer, Progress, Stopped, TaskEvaluation};
pub use optimizer::Optimizer;
pub use phases::{Phase, Phases};
pub use prepare::{
    Checked, Prepared, PreparedTask, Preparing, Watch, check, check_watched, prepare, prepare_watched,
};
pub use ranks::{RankFailure, Ranks};
pub use rehearsal::Rehearsal;
pub use report::{SplitReport, TaskReport};
pub use running_mean::Outcome;
pub use schedule::{LearningRate, RateSchedule, ScheduleStep, with_schedule};
pub use start_report::{StartReport, StartedParameter};
pub use tensorboard::EventWriter;
pub use trained::{FinalScores, Trained};
pub use trainer::{Resuming, Trainer};
