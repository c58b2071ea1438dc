//! Learned state of an EEG adapter: channels, sizes and normalisation from the training split.

use std::borrow::Cow;

use any2any_adapter::Signal;
use any2any_frames::Normalization;
use serde::{Deserialize, Serialize};

use crate::error::EegError;
use crate::files::order;

/// Rate, channels, length and normalisation of the training split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    /// Samples a second.
    pub rate: f64,
    /// The names of the channels.
    pub channels: Vec<String>,
    /// Number of samples of every recording, where all must be equally long.
    pub samples: Option<usize>,
    /// Moments of each feature, or of each channel where traces are written.
    pub normalization: Normalization,
}

impl State {
    /// A signal with its channels in the order of the training split; or the reason why it cannot be encoded.
    pub(crate) fn fitted<'a>(&self, signal: &'a Signal) -> Result<Cow<'a, Signal>, EegError> {
        if (signal.rate() - self.rate).abs() > 1e-6 * self.rate {
            return Err(EegError::value(format!(
                "{signal} has another rate than {} Hz: bring all recordings to one rate with 'resample'",
                self.rate
            )));
        }
        let places = order(&self.channels, signal.channels()).map_err(|reason| {
            EegError::value(format!(
                "{signal} {reason}: choose the same channels everywhere with 'channels', by the names that stand in \
                 the files"
            ))
        })?;
        match self.samples {
            Some(samples) if samples != signal.len() => Err(EegError::value(format!(
                "{signal} has {} samples instead of {samples}: give all the same length with 'epoch'",
                signal.len()
            ))),
            _ if places.iter().copied().eq(0..places.len()) => Ok(Cow::Borrowed(signal)),
            _ => {
                let samples: Vec<f32> =
                    places.iter().flat_map(|&channel| signal.channel(channel)).copied().collect();
                let ordered = Signal::new(signal.rate(), self.channels.clone(), samples);
                ordered.map(Cow::Owned).ok_or_else(|| EegError::value("a recording without a channel"))
            }
        }
    }
}
