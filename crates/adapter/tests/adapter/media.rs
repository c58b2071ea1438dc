//! Small media without a mistake, one of every sort.

mod letters;
mod levels;
mod melodies;
mod shades;

pub(crate) use letters::Letters;
pub(crate) use levels::Levels;
pub(crate) use melodies::Melodies;
pub(crate) use shades::Shades;

use any2any_adapter::{Frames, Sequence};

/// The only option of these media.
#[derive(Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Options {
    /// The field of the dataset.
    field: String,
}

/// Frames of whole rows.
fn frames(width: usize, values: Vec<f32>) -> Sequence {
    Sequence::Frames(Frames::new(width, values).expect("whole rows"))
}
