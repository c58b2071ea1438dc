//! Learned state of an audio adapter: normalisation and codebook from the training split, and its file.

use std::path::Path;

use any2any_adapter::{AdapterError, Frames, Signal};
use any2any_frames::{Codebook, Normalization};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::features::Features;
use crate::options::{AudioOptions, Normalize, Output};
use crate::stack::stacked;

/// The file inside the folder of an adapter's state.
const FILE: &str = "audio.json";
/// Largest number of positions that a codebook is learned from.
const MOST_POSITIONS: usize = 100_000;

/// Normalisation, codebook and longest length of the training split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    /// The scale of a frame's values.
    pub(crate) normalization: Normalization,
    /// The codebook, if sounds are codes.
    pub(crate) codebook: Option<Codebook>,
    /// Number of positions of the longest sound.
    pub(crate) longest: usize,
}

fn fit_error(option: &str, reason: impl Into<String>) -> AdapterError {
    AdapterError::Fit { option: option.to_owned(), reason: reason.into() }
}

impl State {
    /// Learns the state from opened sounds.
    pub(crate) fn fit(
        options: &AudioOptions,
        features: &Features,
        signals: &[&Signal],
    ) -> Result<Self, AdapterError> {
        let fitted = options.normalize == Normalize::Fitted;
        // Nothing is learned of sounds that are only read and not scaled by the training split.
        if signals.is_empty() && (fitted || options.output != Output::Frames) {
            return Err(fit_error("field", "there is no sound to learn from"));
        }
        let stack = options.stacked();
        let positions = |signal: &&Signal| options.frames(signal.len()).div_ceil(stack);
        let longest = signals.iter().map(positions).max().unwrap_or(0);
        if let Output::Mel(mel) = options.output
            && longest > mel.at_most
        {
            let reason = format!(
                "the longest sound of the training split has {longest} positions: raise it, or raise `stack` or `mel.hop`"
            );
            return Err(fit_error("output.mel.at_most", reason));
        }
        let codes = match options.output {
            Output::Codes(codes) => Some(codes.codes),
            _ => None,
        };
        let mut state =
            Self { normalization: Normalization::identity(features.width()), codebook: None, longest };
        if !fitted && codes.is_none() {
            return Ok(state);
        }
        let frames: Result<Vec<Vec<f32>>, _> =
            signals.par_iter().map(|signal| features.frames(signal.samples())).collect();
        let frames = frames?;
        if fitted {
            state.normalization = Normalization::fit(features.width(), frames.iter().map(Vec::as_slice));
        }
        if let Some(codes) = codes {
            state.codebook = Some(state.codebook(frames, stack, codes)?);
        }
        Ok(state)
    }

    /// A codebook learned from positions that are drawn evenly over all sounds.
    fn codebook(&self, sounds: Vec<Vec<f32>>, stack: usize, codes: usize) -> Result<Codebook, AdapterError> {
        let width = self.normalization.width();
        let row = width * stack;
        let all: usize = sounds.iter().map(|frames| (frames.len() / width).div_ceil(stack)).sum();
        let drawn = all.min(MOST_POSITIONS);
        let place = |number: usize| (number as u128 * all as u128 / drawn as u128) as usize;
        let mut values = Vec::with_capacity(drawn * row);
        let (mut start, mut next) = (0, 0);
        for mut frames in sounds {
            self.normalization.apply(&mut frames);
            let frames = stacked(frames, width, stack);
            let positions = frames.len() / row;
            while next < drawn && place(next) < start + positions {
                values.extend_from_slice(&frames[(place(next) - start) * row..][..row]);
                next += 1;
            }
            start += positions;
        }
        let codebook = Frames::new(row, values).and_then(|frames| Codebook::fit(&frames, codes));
        codebook.ok_or_else(|| fit_error("output.codes", "there is no frame to learn from"))
    }

    pub(crate) fn save(&self, folder: &Path) -> Result<(), AdapterError> {
        any2any_frames::save(folder, FILE, self)
    }

    /// Loads a saved state, if it belongs to the options.
    pub(crate) fn load(options: &AudioOptions, folder: &Path) -> Result<Self, AdapterError> {
        let state: Self = any2any_frames::load(folder, FILE)?;
        let broken = |reason: &str| AdapterError::File { path: folder.join(FILE), reason: reason.to_owned() };
        if state.normalization.width() != options.columns() {
            return Err(broken("its frames are not those of the options"));
        }
        match (&state.codebook, &options.output) {
            (None, Output::Codes(_)) => Err(broken("the codebook is missing")),
            (Some(codebook), Output::Codes(_))
                if codebook.width() != options.columns() * options.stacked() || codebook.codes() == 0 =>
            {
                Err(broken("its codebook is not that of the options"))
            }
            _ => Ok(state),
        }
    }
}
