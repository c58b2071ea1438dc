//! Files of recordings: EDF, BDF, GDF, BrainVision, EEGLAB, FIF, NPY and CSV read, EDF written.
//!
//! Readers take bytes and return a sentence about their problem; the caller adds the name of the file. They are our
//! own because existing readers either lack formats or panic on broken files. Values are those of MNE-Python, in
//! microvolts.

mod annotation;
mod brainvision;
mod column;
mod companion;
mod edf;
mod edf_annotations;
mod edf_writer;
mod eeglab;
mod fif;
mod foreign;
mod format;
mod gdf;
mod header;
mod matlab;
mod names;
mod npy;
mod outline;
mod rates;
mod recording;
mod selection;
mod table;
mod text;
mod times;
mod units;

pub use annotation::Annotation;
pub use format::annotations;

pub(crate) use edf_writer::write;
pub(crate) use format::recognises;
pub(crate) use names::{matching, order};
pub(crate) use outline::{Outline, outline};
pub(crate) use recording::{Decoded, Rates, Recording, Wanted, warn_of_volts};

/// Reads all channels of an EDF or BDF file.
pub(crate) fn edf(bytes: &[u8]) -> Result<Decoded, String> {
    edf::Edf::new(bytes.into(), "edf").and_then(|edf| edf.read(None, Rates::One))
}

/// The extensions that are read. `rec` is EDF under another name.
pub(crate) const EXTENSIONS: &[&str] = &["edf", "bdf", "rec", "gdf", "vhdr", "set", "fif", "npy", "csv"];
