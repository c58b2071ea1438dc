//! Preprocessing of a recording before frames are made of it: every step that does not depend on training.

mod butterworth;
mod cache;
mod epoch;
mod filter;
mod margin;
mod open;
mod recording;
mod resample;
mod standardize;

pub(crate) use margin::Cut;
pub(crate) use open::open;
pub(crate) use standardize::moments;
