//! Values and regions, as they are drawn.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::numbers::{Bytes, Floats};

/// A value to draw, as the medium opened it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// A text.
    Text(String),
    /// A picture.
    Image(ViewImage),
    /// A sound or a recording.
    Signal(ViewSignal),
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ViewImage {
    /// Pixels from left to right.
    pub width: usize,
    /// Pixels from top to bottom.
    pub height: usize,
    /// 1 for grey, 3 for red, green and blue.
    pub channels: usize,
    /// `[height, width, channels]`, a byte each.
    pub pixels: Bytes,
}

/// A sound or a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ViewSignal {
    /// Samples a second.
    pub rate: f64,
    /// The names of the channels.
    pub channels: Vec<String>,
    /// `[channels, samples]`.
    pub samples: Floats,
}

/// What one position of a sequence covers in a value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Region {
    /// Nothing: a position that was added, such as the end of the sequence.
    Nothing {},
    /// Bytes of a text in UTF-8, from 0, the end not included.
    Bytes(Span<usize>),
    /// A rectangle of a picture, in pixels.
    Rectangle(Rectangle),
    /// A span of a sound, in seconds.
    Span(Span<f64>),
    /// A window over some channels of a recording, in seconds.
    Window {
        /// The channels, from 0, the end not included.
        channels: Channels,
        /// Where it begins.
        start: f64,
        /// Where it ends.
        end: f64,
    },
}

/// From where to where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Span<T> {
    /// Where it begins.
    pub start: T,
    /// Where it ends.
    pub end: T,
}

/// Some channels that stand together.
pub type Channels = Span<usize>;

/// A rectangle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Rectangle {
    /// From the left.
    pub left: f32,
    /// From the top.
    pub top: f32,
    /// To the right of `left`.
    pub width: f32,
    /// Down from `top`.
    pub height: f32,
}
