//! Options of the image medium, as an experiment writes them.

use any2any_frames::StemOptions;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::augmentation::Augmentation;
use crate::corruption::Corruption;
use crate::features::Features;
use crate::resampling::Resampling;
use crate::size::Size;

/// The options of the image medium.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ImageOptions {
    /// The field of the dataset that holds the picture.
    #[schemars(length(min = 1))]
    pub field: String,
    /// Read pictures in grey or in colour.
    #[serde(default)]
    pub colour: Colour,
    /// Colour behind transparent pixels, beside pictures that are padded, moved or joined, and in place of a patch
    /// that was not written. Meant before `invert`.
    #[serde(default)]
    pub background: Background,
    /// Invert pictures: black becomes white and white becomes black, background included.
    #[serde(default)]
    pub invert: bool,
    /// Cut off the margin around a drawing, before pictures are joined or brought to a size.
    #[serde(default)]
    pub trim: bool,
    /// Size that pictures are brought to; left out: they keep theirs.
    #[serde(default)]
    pub size: Option<Size>,
    /// Filter that pictures are brought to the size with.
    #[serde(default)]
    pub resampling: Resampling,
    /// A disturbance of the opened picture, the same each time: for tasks that undo it.
    #[serde(default)]
    pub corrupt: Option<Corruption>,
    /// The pieces that become positions of the sequence.
    #[serde(default)]
    pub patches: Patches,
    /// Features that patches are cut from: pixels, or cells of gradients for pictures that are only read.
    #[serde(default)]
    pub features: Features,
    /// Scaling of the values of frames; codes need no scaling.
    #[serde(default)]
    pub normalize: Normalize,
    /// Add the place of each patch in the picture to its frame, as 14 numbers beside its pixels.
    #[serde(default)]
    pub coordinates: bool,
    /// Entrance of frames into the model; convolutions are for the columns of a line of text.
    #[serde(default)]
    pub stem: StemOptions,
    /// Random changes of every picture that a model is trained on.
    #[serde(default)]
    pub augment: Augmentation,
    /// Kind of sequence that a picture becomes: a target needs `patches` or `codes`.
    #[serde(default)]
    pub output: Output,
}

/// Grey or colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Colour {
    /// One value a pixel: the luma of ITU-R Recommendation BT.601.
    #[default]
    Grey,
    /// Red, green and blue.
    Rgb,
}

impl Colour {
    /// Number of values of a pixel.
    pub fn channels(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::Rgb => 3,
        }
    }
}

/// Background colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Background {
    /// White: paper.
    #[default]
    White,
    /// Black.
    Black,
    /// A grey, from 0, black, to 255, white.
    Grey(u8),
    /// Red, green and blue, each from 0 to 255.
    Rgb([u8; 3]),
}

impl Background {
    /// Red, green and blue.
    pub(crate) fn rgb(self) -> [u8; 3] {
        match self {
            Self::White => [255; 3],
            Self::Black => [0; 3],
            Self::Grey(level) => [level; 3],
            Self::Rgb(rgb) => rgb,
        }
    }
}

/// Patches of a picture, in reading order. Those that reach over an edge are padded with background.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Patches {
    /// Pixels from left to right.
    #[schemars(range(min = 1, max = 1024))]
    pub width: usize,
    /// Pixels from top to bottom; `null`: as high as the picture, so that a line of text is a sequence of
    /// columns.
    #[schemars(range(min = 1, max = 1024))]
    pub height: Option<usize>,
    /// Pixels from one patch to the next on its right; left out: the width. Less makes them overlap.
    #[schemars(range(min = 1, max = 1024))]
    pub stride_x: Option<usize>,
    /// Pixels from one row of patches to the next; left out: the height.
    #[schemars(range(min = 1, max = 1024))]
    pub stride_y: Option<usize>,
}

impl Default for Patches {
    fn default() -> Self {
        Self { width: 4, height: Some(4), stride_x: None, stride_y: None }
    }
}

impl Patches {
    /// True if every pixel is in one patch only.
    pub(crate) fn apart(&self) -> bool {
        self.stride_x.is_none_or(|stride| stride == self.width)
            && match (self.stride_y, self.height) {
                (None, _) | (_, None) => true,
                (Some(stride), Some(height)) => stride == height,
            }
    }
}

/// Scaling of the values of frames, which are pixels from 0, black, to 1, white.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Normalize {
    /// To mean 0 and deviation 1 over the training split: pixels together, each feature of a patch by itself.
    #[default]
    Fitted,
    /// To mean 0 and deviation 1 in each picture: brightness and contrast no longer tell pictures apart.
    PerImage,
    /// By a mean and a deviation that are given for each channel, as those of a model that was trained elsewhere.
    Given(Moments),
    /// Leaves the values as they are.
    None,
}

/// A mean and a deviation of each channel: one of each for grey pictures, three for colour.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Moments {
    /// What is subtracted from pixels between 0, black, and 1, white.
    #[schemars(length(min = 1, max = 3))]
    pub mean: Vec<f32>,
    /// What they are divided by then; above 0.
    #[schemars(length(min = 1, max = 3))]
    pub deviation: Vec<f32>,
}

/// Kind of sequence that a picture becomes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Output {
    /// Frames to be read only: a source.
    #[default]
    Frames,
    /// Frames that are written too, all at once, by regression.
    Patches(PatchOutput),
    /// Tokens: each patch becomes the nearest of a codebook, learned on the training split.
    Codes(Codes),
}

/// Patches that are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PatchOutput {}

/// Patches as tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Codes {
    /// Number of patches in the codebook; fewer when the training split has fewer distinct ones.
    #[schemars(range(min = 2, max = 65536))]
    pub codes: usize,
}

impl Default for Codes {
    fn default() -> Self {
        Self { codes: 256 }
    }
}
