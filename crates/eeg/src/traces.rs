//! Traces: recordings that are written, as windows of all channels by regression, all at once.

use any2any_adapter::{Frames, Region, Signal};
use any2any_frames::Normalization;

use crate::error::EegError;
use crate::state::State;

/// Layout of traces as frames.
///
/// # Shapes
///
/// - a frame: `[channels, window]`, row-major
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TraceFrames {
    channels: usize,
    samples: usize,
    window: usize,
}

impl TraceFrames {
    /// Frames of a window in seconds.
    pub(crate) fn new(state: &State, window: f64) -> Self {
        let samples = state.samples.unwrap_or_default();
        let window = ((window * state.rate).round().max(1.0) as usize).min(samples.max(1));
        Self { channels: state.channels.len(), samples, window }
    }

    /// Number of frames.
    pub(crate) fn count(self) -> usize {
        self.samples.div_ceil(self.window)
    }

    /// The width of each frame.
    pub(crate) fn width(self) -> usize {
        self.channels * self.window
    }

    /// The frames of a signal; the last is filled up with zeros.
    pub(crate) fn encode(self, signal: &Signal, normalization: &Normalization) -> Option<Frames> {
        let mut values = vec![0.0; self.count() * self.width()];
        for sample in 0..self.samples {
            let mut row: Vec<f32> =
                (0..self.channels).map(|channel| signal.channel(channel)[sample]).collect();
            normalization.apply(&mut row);
            for (channel, value) in row.into_iter().enumerate() {
                values[self.place(channel, sample)] = value;
            }
        }
        Frames::new(self.width(), values)
    }

    /// The signal of frames.
    pub(crate) fn decode(self, frames: &Frames, state: &State) -> Result<Signal, EegError> {
        if frames.width() != self.width() || frames.len() != self.count() {
            return Err(EegError::value(format!(
                "{} frames of width {} are no traces of {} frames of width {}",
                frames.len(),
                frames.width(),
                self.count(),
                self.width()
            )));
        }
        let mut samples = vec![0.0; self.channels * self.samples];
        for sample in 0..self.samples {
            let mut row: Vec<f32> =
                (0..self.channels).map(|channel| frames.values()[self.place(channel, sample)]).collect();
            state.normalization.undo(&mut row);
            for (channel, value) in row.into_iter().enumerate() {
                samples[channel * self.samples + sample] = value;
            }
        }
        Signal::new(state.rate, state.channels.clone(), samples)
            .ok_or_else(|| EegError::value("traces without a channel"))
    }

    /// The window that each frame covers.
    pub(crate) fn regions(self, rate: f64) -> Vec<Region> {
        let region = |number: usize| Region::Window {
            channels: 0..self.channels,
            start: (number * self.window) as f64 / rate,
            end: ((number + 1) * self.window).min(self.samples) as f64 / rate,
        };
        (0..self.count()).map(region).collect()
    }

    fn place(self, channel: usize, sample: usize) -> usize {
        sample / self.window * self.width() + channel * self.window + sample % self.window
    }
}
