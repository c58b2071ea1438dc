//! Options of the audio medium, as an experiment writes them.

use any2any_frames::StemOptions;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::augment::Augment;
use crate::channel::Channel;
use crate::mel::{Mel, samples};
use crate::spectrum::frames;
use crate::trim::Trim;

/// The options of the audio medium.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AudioOptions {
    /// The field of the dataset that holds the sound.
    #[schemars(length(min = 1))]
    pub field: String,
    /// Sampling rate that every sound is brought to, in hertz. Nothing above half of it is heard.
    #[serde(default = "rate")]
    #[schemars(range(min = 1000, max = 192_000))]
    pub rate: usize,
    /// Channel of a sound that the model hears.
    #[serde(default)]
    pub channel: Channel,
    /// Duration that is read from where a sound begins, in seconds; left out: all of it.
    #[serde(default)]
    #[schemars(range(min = 0.001, max = 3600))]
    pub take: Option<f64>,
    /// Silence that is cut off at both ends; left out: none.
    #[serde(default)]
    pub trim: Option<Trim>,
    /// The silence between sounds that follow each other and stand for one, in seconds.
    #[serde(default)]
    pub gap: Gap,
    /// Longer sounds, in seconds, are errors: such a sample is left out and reported.
    #[serde(default = "longest")]
    #[schemars(range(min = 0.01, max = 3600))]
    pub longest: f64,
    /// Duration that every sound gets before its frames are made, in seconds: silence is appended to a shorter one. A
    /// longer one is translated in windows of that duration, cut where nobody speaks; no training hears it. Left out: its
    /// own.
    #[serde(default)]
    #[schemars(range(min = 0.01, max = 3600))]
    pub pad_to: Option<f64>,
    /// Mel frames: the energy of a sound in bands of frequency over time.
    #[serde(default)]
    pub mel: Mel,
    /// Append the first and second differences of the bands over time to each frame.
    #[serde(default)]
    pub deltas: bool,
    /// Scaling of the values of frames.
    #[serde(default)]
    pub normalize: Normalize,
    /// Number of neighbouring frames that make one position, side by side; the last frame is repeated to fill up.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 64))]
    pub stack: usize,
    /// Entrance of frames into the model.
    #[serde(default)]
    pub stem: StemOptions,
    /// Random changes of every sound that a model is trained on.
    #[serde(default)]
    pub augment: Augment,
    /// Kind of sequence that a sound becomes: a target needs `mel` or `codes`.
    #[serde(default)]
    pub output: Output,
}

fn rate() -> usize {
    16_000
}

fn longest() -> f64 {
    60.0
}

fn one() -> usize {
    1
}

impl AudioOptions {
    /// Number of frames that make one position.
    pub(crate) fn stacked(&self) -> usize {
        match self.output {
            Output::Codes(Codes { stack: Some(stack), .. }) => stack,
            _ => self.stack,
        }
    }

    /// Number of samples that every sound gets, if it is the same for all.
    pub(crate) fn padded(&self) -> Option<usize> {
        self.pad_to.map(|seconds| samples(seconds, self.rate))
    }

    /// Number of frames of a sound of so many samples.
    pub(crate) fn frames(&self, samples: usize) -> usize {
        let samples = self.padded().unwrap_or(samples);
        frames(samples, self.mel.hop_samples(self.rate), self.mel.drop_last)
    }

    /// Number of values of a frame before frames are stacked.
    pub(crate) fn columns(&self) -> usize {
        self.mel.bands * if self.deltas { 3 } else { 1 }
    }
}

/// The silence between two sounds, in seconds: always as long, or between two lengths. One that is drawn
/// depends on the sounds alone, so that it is the same each time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Gap {
    /// Always as long.
    Seconds(f64),
    /// Drawn evenly between the shortest and the longest.
    Between([f64; 2]),
}

impl Default for Gap {
    fn default() -> Self {
        Self::Seconds(0.0)
    }
}

impl Gap {
    /// The shortest and the longest.
    pub(crate) fn ends(self) -> [f64; 2] {
        match self {
            Self::Seconds(seconds) => [seconds; 2],
            Self::Between(ends) => ends,
        }
    }
}

/// Scaling of the values of frames, which are logarithms of energies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Normalize {
    /// Each column to mean 0 and deviation 1 over the training split.
    #[default]
    Fitted,
    /// Each column to mean 0 and deviation 1 in each sound: loudness and microphone no longer tell sounds apart.
    PerUtterance,
    /// Limits each sound to a dynamic range of 80 decibels and scales it by a fixed factor: of the base 10 logarithm of an
    /// energy, `(max(x, loudest - 8) + 4) / 4`, where `loudest` is the greatest value of the sound, as in Whisper
    /// (Radford et al. 2022). Nothing of it is learned.
    DynamicRange,
    /// Leaves the values as they are.
    None,
}

/// Kind of sequence that a sound becomes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Output {
    /// Frames to be read only: a source.
    #[default]
    Frames,
    /// Frames that are written too, one after the other, by regression.
    Mel(MelOutput),
    /// Tokens: each position becomes the nearest of a codebook, learned on the training split.
    Codes(Codes),
}

/// Frames that are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct MelOutput {
    /// The most positions that are written when the model does not stop before.
    #[schemars(range(min = 1, max = 100_000))]
    pub at_most: usize,
}

impl Default for MelOutput {
    fn default() -> Self {
        Self { at_most: 300 }
    }
}

/// Positions as tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Codes {
    /// Number of codes in the codebook; fewer when the training split has fewer distinct positions.
    #[schemars(range(min = 2, max = 65_536))]
    pub codes: usize,
    /// Number of neighbouring frames that one code stands for; left out: the `stack` of the sound.
    #[schemars(range(min = 1, max = 64))]
    pub stack: Option<usize>,
}

impl Default for Codes {
    fn default() -> Self {
        Self { codes: 256, stack: None }
    }
}
