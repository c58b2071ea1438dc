//! Options of the medium of frames, as an experiment writes them.

use any2any_frames::StemOptions;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most values of a frame.
pub(super) const MOST_WIDTH: usize = 65_536;

/// The options of the medium of frames.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct FramesOptions {
    /// The field of the dataset that holds the vectors.
    #[schemars(length(min = 1))]
    pub field: String,
    /// Number of values of a frame; left out: that of the training split. Frames of another width are refused.
    #[serde(default)]
    #[schemars(range(min = 1, max = MOST_WIDTH))]
    pub width: Option<usize>,
    /// Brings each column to mean 0 and deviation 1 over the training split.
    #[serde(default = "yes")]
    pub normalize: bool,
    /// Frames a second, for displays and distances of signals; left out: one, so that seconds are numbers of frames.
    #[serde(default)]
    #[schemars(range(min = 0.000_001, max = 1_000_000))]
    pub rate: Option<f64>,
    /// Entrance of frames into the model.
    #[serde(default)]
    pub stem: StemOptions,
    /// Values of more frames are errors: such a sample is left out and reported.
    #[serde(default = "longest")]
    #[schemars(range(min = 1, max = 10_000_000))]
    pub longest: usize,
    /// Kind of output; needed where frames are a target.
    #[serde(default)]
    pub output: Option<Output>,
}

fn yes() -> bool {
    true
}

fn longest() -> usize {
    4096
}

impl FramesOptions {
    /// Frames a second.
    pub(crate) fn frames_a_second(&self) -> f64 {
        self.rate.unwrap_or(1.0)
    }
}

/// Kind of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Output {
    /// Frames, by regression.
    Frames(Written),
    /// Tokens: each frame becomes the nearest of a codebook, learned on the training split.
    Codes(Codes),
}

/// Frames that are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Written {
    /// The most frames that are written one after the other when the model does not stop before.
    #[schemars(range(min = 1, max = 100_000))]
    pub at_most: usize,
    /// Number of frames of every value, which are then written all at once; left out: until the model stops.
    #[schemars(range(min = 1, max = 100_000))]
    pub count: Option<usize>,
}

impl Default for Written {
    fn default() -> Self {
        Self { at_most: 300, count: None }
    }
}

/// Frames as tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Codes {
    /// Number of codes in the codebook; fewer when the training split has fewer distinct frames.
    #[schemars(range(min = 2, max = 65_536))]
    pub codes: usize,
}

impl Default for Codes {
    fn default() -> Self {
        Self { codes: 256 }
    }
}
