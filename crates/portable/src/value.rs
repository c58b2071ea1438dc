//! Values and regions, in the form in which the page draws them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::numbers::{Bytes, Floats};

/// A value as the medium opened it, to be drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum View {
    /// A text.
    Text(String),
    /// A picture.
    Image(ViewImage),
    /// A sound or another recording of one or more channels.
    Signal(ViewSignal),
    /// The items of a value of a medium's own kind, as a person reads them.
    Items(Vec<String>),
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ViewImage {
    /// The width in pixels.
    pub width: usize,
    /// The height in pixels.
    pub height: usize,
    /// The number of channels: 1 for grey, 3 for red, green and blue.
    pub channels: usize,
    /// The pixels, `[height, width, channels]`, a byte each.
    pub pixels: Bytes,
}

/// A sound or another recording of one or more channels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ViewSignal {
    /// The sampling rate, in samples a second.
    pub rate: f64,
    /// The names of the channels.
    pub channels: Vec<String>,
    /// The samples, `[channels, samples]`.
    pub samples: Floats,
    /// The time of the first sample, in seconds after the event that the recording was cut out around; 0 if it is left out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub start: f64,
}

fn is_zero(number: &f64) -> bool {
    *number == 0.0
}

/// A region: the part of a value that one position of a sequence covers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Region {
    /// No part: a position that was added, such as the end of the sequence.
    #[schemars(with = "NoRegion")]
    Nothing {},
    /// Bytes of a text in UTF-8, from 0, the end excluded.
    Bytes(Span<usize>),
    /// Items of a value of a medium's own kind, from 0, the end excluded.
    Items(Span<usize>),
    /// A rectangle of a picture, in pixels.
    Rectangle(Rectangle),
    /// A span of a sound, in seconds.
    Span(Span<f64>),
    /// A window over some channels of a recording, in seconds.
    #[schemars(with = "WindowRegion")]
    Window {
        /// The channels, from 0, the end excluded.
        channels: Channels,
        /// The start, in seconds.
        start: f64,
        /// The end, in seconds.
        end: f64,
    },
}

/// The region of a position that was added. Generated clients need names for what is in [`Region`].
#[derive(JsonSchema)]
struct NoRegion {}

/// The region of a window.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "a schema alone")]
struct WindowRegion {
    /// The channels, from 0, the end excluded.
    channels: Channels,
    /// The start, in seconds.
    start: f64,
    /// The end, in seconds.
    end: f64,
}

/// A span from start to end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Span_{T}")]
#[non_exhaustive]
pub struct Span<T> {
    /// The start.
    pub start: T,
    /// The end.
    pub end: T,
}

/// A range of neighbouring channels.
pub type Channels = Span<usize>;

/// A rectangle in pixels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Rectangle {
    /// The distance from the left edge.
    pub left: f32,
    /// The distance from the top edge.
    pub top: f32,
    /// The width, to the right of `left`.
    pub width: f32,
    /// The height, down from `top`.
    pub height: f32,
}
