//! What one position of a sequence covers in the original.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// The part of the original that one position of a sequence covers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Region {
    /// Nothing: a position that the adapter added, such as the end of the sequence.
    Nothing,
    /// Bytes of a text, counted from its start; the end is not included.
    Bytes(Range<usize>),
}
