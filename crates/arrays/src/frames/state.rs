//! Learned state of an adapter of frames: width, normalisation and codebook from the training split, and its file.

use std::path::Path;

use any2any_adapter::{AdapterError, Frames, Signal};
use any2any_frames::{Codebook, Normalization};
use serde::{Deserialize, Serialize};

use super::open::rows_of;
use super::options::{FramesOptions, Output};
use crate::error::fit_error;

/// The file inside the folder of an adapter's state.
const FILE: &str = "frames.json";
/// Largest number of frames that a codebook is learned from.
const MOST_FRAMES: usize = 100_000;

/// Normalisation, codebook and longest value of the training split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    /// The scale of each column; its width is that of the frames.
    pub(super) normalization: Normalization,
    /// The codebook, if frames are codes.
    pub(super) codebook: Option<Codebook>,
    /// Number of frames of the longest value.
    pub(super) longest: usize,
}

impl State {
    /// Learns the state from opened values.
    pub(super) fn fit(options: &FramesOptions, signals: &[&Signal]) -> Result<Self, AdapterError> {
        let Some(first) = signals.first() else {
            return Err(fit_error("field", "there is no value to learn from"));
        };
        let width = options.width.unwrap_or(first.channels().len());
        if let Some(other) = signals.iter().find(|signal| signal.channels().len() != width) {
            let found = other.channels().len();
            let reason = format!(
                "the training split has frames of {width} values and of {found}: write `width: {width}`, and those of other \
                 widths are left out"
            );
            return Err(fit_error("width", reason));
        }
        let longest = signals.iter().map(|signal| signal.len()).max().unwrap_or(0);
        if let Some(Output::Frames(written)) = options.output
            && written.count.is_none()
            && longest > written.at_most
        {
            let reason = format!("the longest value of the training split has {longest} frames: raise it");
            return Err(fit_error("output.frames.at_most", reason));
        }
        let normalization = match options.normalize {
            true => Normalization::fit(width, signals.iter().map(|signal| rows_of(signal))),
            false => Normalization::identity(width),
        };
        let codebook = match options.output {
            Some(Output::Codes(codes)) => Some(codebook(&normalization, signals, codes.codes)?),
            _ => None,
        };
        Ok(Self { normalization, codebook, longest })
    }

    pub(super) fn width(&self) -> usize {
        self.normalization.width()
    }

    pub(super) fn save(&self, folder: &Path) -> Result<(), AdapterError> {
        any2any_frames::save(folder, FILE, self)
    }

    /// Loads a saved state, if it belongs to the options.
    pub(super) fn load(options: &FramesOptions, folder: &Path) -> Result<Self, AdapterError> {
        let state: Self = any2any_frames::load(folder, FILE)?;
        let broken = |reason: &str| AdapterError::File { path: folder.join(FILE), reason: reason.to_owned() };
        if state.width() == 0 || options.width.is_some_and(|width| width != state.width()) {
            return Err(broken("its frames are not those of the options"));
        }
        match (&state.codebook, options.output) {
            (None, Some(Output::Codes(_))) => Err(broken("the codebook is missing")),
            (Some(codebook), Some(Output::Codes(_)))
                if codebook.width() != state.width() || codebook.codes() == 0 =>
            {
                Err(broken("its codebook is not that of its frames"))
            }
            (Some(_), None | Some(Output::Frames(_))) => {
                Err(broken("it has a codebook, and the options none"))
            }
            _ => Ok(state),
        }
    }
}

/// A codebook learned from frames that are drawn evenly over all values.
fn codebook(
    normalization: &Normalization,
    signals: &[&Signal],
    codes: usize,
) -> Result<Codebook, AdapterError> {
    let width = normalization.width();
    let all: usize = signals.iter().map(|signal| signal.len()).sum();
    let drawn = all.min(MOST_FRAMES);
    let place = |number: usize| (number as u128 * all as u128 / drawn.max(1) as u128) as usize;
    let mut values = Vec::with_capacity(drawn * width);
    let (mut start, mut next) = (0, 0);
    for signal in signals {
        let mut rows = rows_of(signal);
        normalization.apply(&mut rows);
        while next < drawn && place(next) < start + signal.len() {
            values.extend_from_slice(&rows[(place(next) - start) * width..][..width]);
            next += 1;
        }
        start += signal.len();
    }
    let codebook = Frames::new(width, values).and_then(|frames| Codebook::fit(&frames, codes));
    codebook.ok_or_else(|| fit_error("output.codes", "there is no frame to learn from"))
}
