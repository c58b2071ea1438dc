//! Run folders, which a training or an export writes, and from which every later command loads.
//!
//! A [`RunFolder`] holds the experiment, the adapters' state ([`AdapterSet`]), [`Checkpoints`] and a [`ModelCard`]. A
//! [`LoadedModel`] is the one that decoding and inspection use. Nothing here trains.

mod adapters;
pub mod atomic_file;
mod checkpoint;
mod checkpoints;
mod checksums;
pub mod device;
mod engine_options;
mod error;
mod framing;
mod lengths;
mod loaded;
mod lock;
pub mod lora;
mod model_card;
mod model_config;
mod optimizer_state;
pub mod parameters;
mod prompt;
mod quantized;
mod run_folder;
mod start;
pub mod sweep;
mod task;
mod task_sides;
mod weights_file;

pub use adapters::{AdapterSet, Groups};
pub use any2any_inference::{ProductScales, Shortlist};
pub use any2any_search::{LengthRule, OutputLengths};
pub use checkpoint::{Checkpoint, LastGood, Plateau, Ranked, State, step_of_name};
pub use checkpoints::Checkpoints;
pub use engine_options::{EngineOptions, read_product_scales};
pub use error::RunError;
pub use framing::{Framing, TargetFraming};
pub use loaded::{LoadedModel, check_file, shapes_of};
pub use lock::{Announced, RunLock, is_running};
pub use model_card::{CardScores, ModelCard};
pub use model_config::{architecture, encoder_blocks, model_config};
pub use optimizer_state::check_state;
pub use parameters::Weights;
pub use prompt::{LanguageChoice, Timestamps};
pub use quantized::{product_outputs, write_rounded_weights};
pub use run_folder::{Existing, ExperimentTexts, RunFolder, fresh_model, written_stem};
pub use start::{Source, Start, TakenOver};
pub use task::Task;
pub use task_sides::{Columns, Role, TaskSide, TaskSides};
pub use weights_file::{
    check_finite, count_weights, read_any_weights, read_architecture, read_finite_weights, read_weights,
    write_weights,
};
