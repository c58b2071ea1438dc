//! Region of the original that one position of a sequence covers.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// The part of the original that one position of a sequence covers.
///
/// ```
/// use any2any_adapter::Region;
///
/// // A token for each note, and the end token behind them.
/// let notes = "c e g".char_indices().filter(|(_, letter)| *letter != ' ');
/// let mut regions: Vec<Region> = notes.map(|(at, _)| Region::Bytes(at..at + 1)).collect();
/// regions.push(Region::Nothing);
/// assert_eq!(regions, [Region::Bytes(0..1), Region::Bytes(2..3), Region::Bytes(4..5), Region::Nothing]);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Region {
    /// Nothing: a position that the adapter added, such as the end of the sequence.
    Nothing,
    /// Bytes of a text, counted from its start; the end is not included.
    Bytes(Range<usize>),
    /// Items of a value of its own kind ([`CustomContents::items`](crate::CustomContents::items)), counted from 0; the
    /// end is not included.
    Items(Range<usize>),
    /// A rectangle of a picture, in pixels of the original; its edges may fall between two pixels.
    Rectangle {
        /// Left edge.
        left: f32,
        /// Upper edge.
        top: f32,
        /// Width, to the right of `left`.
        width: f32,
        /// Height, down from `top`.
        height: f32,
    },
    /// A span of a sound, in seconds from its start.
    Span {
        /// The start.
        start: f64,
        /// The end.
        end: f64,
    },
    /// A window over some channels of a recording, in seconds from its start.
    Window {
        /// The channels, counted from 0; the end is not included.
        channels: Range<usize>,
        /// The start.
        start: f64,
        /// The end.
        end: f64,
    },
}
