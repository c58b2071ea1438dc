//! Frames: sequences of vectors that were made elsewhere.
//!
//! A value is a signal, with a channel for each column, so that the metrics of signals score it and a page draws it. Without
//! a `rate` there is one frame a second: seconds are then numbers of frames.

mod adapter;
mod check;
mod medium;
mod open;
mod options;
mod price;
mod state;

pub use adapter::FramesAdapter;
pub use medium::Frames;
pub use options::{Codes, FramesOptions, Output, Written};
