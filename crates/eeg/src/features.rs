//! Features of a recording: samples, band powers, spectra, rhythms.
//!
//! An [`Extractor`] makes a [`Grid`] of features from samples; normalisation and masking work on the grid, and the
//! grid becomes frames at last.

mod extractor;
mod grid;
pub(crate) mod options;
mod power;
mod rhythms;

pub(crate) use extractor::Extractor;
pub(crate) use grid::{Grid, regions};
