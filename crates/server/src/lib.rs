//! HTTP server for trained models: a JSON interface, and a page that shows them at work.
//!
//! [`Server`] serves the models of some runs. On its page a person translates step by step and sees the attention of
//! every head; other programs use the JSON interface behind the page ([`protocol`]), which `/openapi.json` describes.
//! The server asks no other host for anything, and nothing in a request names a file of this machine.

mod api_error;
mod assessments;
mod budget;
mod convert;
mod decoding;
mod distance;
mod error;
mod export;
mod language_names;
mod loaded_run;
mod metrics;
mod neighbours;
mod piece;
mod pooling;
mod probed;
pub mod protocol;
mod queue;
mod run_registry;
mod server;
mod watch;
mod ways;
mod worker;

pub use error::ServerError;
pub use export::Recording;
pub use probed::Probe;
pub use server::{AccessToken, Limits, Options, Origin, Secret, Server, Stopper};
pub use ways::RunLanguages;
