//! any2any: translation between any two media by one transformer.
//!
//! This crate is the one dependency of a program with parts of its own, and of one that trains or translates from Rust.
//! It brings the allocator that all commands are measured with, and the versions of [`serde`], [`schemars`],
//! [`serde_json`] and [`burn`] that its traits speak of.
//!
//! - A medium: [`Medium`] and [`Adapter`], tried by [`testing::conforms`].
//! - A metric, a schedule of the learning rate, an auxiliary loss, a block of the encoder, an observer of trainings:
//!   [`ValueMetric`], [`RateSchedule`], [`AuxiliaryLoss`], [`EncoderBlock`], [`Observer`].
//! - A [`Program`] puts them beside the built-in ones, with every command of `any2any`.
//! - The commands from Rust: [`experiment`] reads an experiment, [`train`] trains it, [`translate`] translates and
//!   scores, [`run`] knows the folder of a run.
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     any2any::Program::new(any2any::media()).main()
//! }
//! ```
//!
//! Options derive their traits through this crate, so that nothing else has to be named as a dependency:
//!
//! ```
//! use any2any::{schemars, serde};
//!
//! /// Options of a medium.
//! #[derive(Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
//! #[serde(crate = "any2any::serde", deny_unknown_fields)]
//! #[schemars(crate = "any2any::schemars")]
//! struct Options {
//!     /// The field of the dataset.
//!     field: String,
//! }
//!
//! let options: Options = any2any::serde_json::from_str(r#"{ "field": "notes" }"#)?;
//! assert_eq!(options.field, "notes");
//! # Ok::<(), any2any::serde_json::Error>(())
//! ```

pub use any2any_adapter::*;
pub use any2any_architecture::{BlockWeight, Start};
pub use any2any_cli::{Program, media};
pub use any2any_metrics::ValueMetric;
pub use any2any_model::{BlockInput, BlockWeights, EncoderBlock};
pub use any2any_train::{
    AuxiliaryLoss, Event as TrainingEvent, LossBatch, LossPairs, Observer, Progress, RateSchedule,
    ScheduleStep,
};

pub use any2any_architecture as architecture;
pub use any2any_data as data;
pub use any2any_experiment as experiment;
pub use any2any_frames as frames;
pub use any2any_metrics as metrics;
pub use any2any_model as model;
pub use any2any_run as run;
pub use any2any_search as search;
pub use any2any_train as train;
pub use any2any_translate as translate;

pub use {burn, schemars, serde, serde_json};

// Training makes and frees the same large temporaries at every step. mimalloc keeps their pages, where the
// system's allocator gives them back and faults them in again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
