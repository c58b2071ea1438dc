//! Translation and evaluation by a trained model.
//!
//! A [`Translator`] is loaded from a run and decodes; [`evaluate`] scores its outputs and its teacher-forced
//! predictions, which are separate types. A [`Split`] is the encoded data that both read.

pub mod batch;
pub mod bucketed_scores;
pub mod controls;
mod decode;
mod error;
pub mod evaluate;
mod example;
pub mod losses;
mod media_metrics;
mod oddities;
mod opened_split;
mod per_position;
mod references;
mod split;
pub mod text_metrics;
mod translated;
mod translator;

pub use any2any_data::Broken;
pub use any2any_inference::Precision;
pub use decode::Output;
pub use error::TranslateError;
pub use example::{Example, absent_source, checksum, checksum_with_texts};
pub use oddities::Oddities;
pub use opened_split::{OpenedSplit, Warnings};
pub use split::{Split, load_split};
pub use translated::Translated;
pub use translator::{NextToken, PairScore, Translator};
