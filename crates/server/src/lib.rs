//! A trained model in the browser, and over HTTP for other programs.
//!
//! [`Server`] serves some runs: a page to translate with their models step by step and to see what every head of
//! attention looks at, and beside it the JSON interface that the page uses ([`protocol`]), described at
//! `/openapi.json`. Nothing is asked of any other host, and nothing in a request names a file of this machine.

mod api_error;
mod budget;
mod convert;
mod decoding;
mod distance;
mod error;
mod export;
mod loaded_run;
mod metrics;
mod pooling;
mod probed;
pub mod protocol;
mod queue;
mod run_registry;
mod server;
mod view;
mod watch;
mod worker;

pub use error::ServerError;
pub use export::Recording;
pub use probed::Probe;
pub use server::{AccessToken, Limits, Options, Origin, Secret, Server, Stopper};
