//! What the adapter learns from the training split.

use any2any_adapter::Signal;
use any2any_frames::Normalization;
use serde::{Deserialize, Serialize};

use crate::error::EegError;

/// The recordings of the training split, and the size of their features.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    /// Samples a second.
    pub rate: f64,
    /// The names of the channels.
    pub channels: Vec<String>,
    /// Samples of every recording, where all must be equally long.
    pub samples: Option<usize>,
    /// Of each feature, or of each channel where traces are written.
    pub normalization: Normalization,
}

impl State {
    /// Whether a signal can be encoded, and why not.
    pub(crate) fn fits(&self, signal: &Signal) -> Result<(), EegError> {
        if (signal.rate() - self.rate).abs() > 1e-6 * self.rate {
            return Err(EegError::value(format!(
                "{signal} has another rate than {} Hz: bring all recordings to one rate with 'resample'",
                self.rate
            )));
        }
        if signal.channels().len() != self.channels.len() {
            return Err(EegError::value(format!(
                "{signal} does not have {} channels: choose the same ones everywhere with 'channels'",
                self.channels.len()
            )));
        }
        match self.samples {
            Some(samples) if samples != signal.len() => Err(EegError::value(format!(
                "{signal} has {} samples instead of {samples}: give all the same length with 'epoch'",
                signal.len()
            ))),
            _ => Ok(()),
        }
    }
}
