//! Files of recordings: EDF, EDF+, BDF, BDF+, NPY and CSV read, EDF written.
//!
//! Readers take bytes and say what is wrong with them as a sentence; whoever has the file adds its name. They
//! are our own because the readers that there are either lack BDF or panic on broken files.

mod edf;
mod edf_annotations;
mod edf_writer;
mod header;
mod npy;
mod recording;
mod table;

pub use edf_annotations::{Annotation, annotations};

pub(crate) use edf_writer::write;
pub(crate) use recording::{Recording, Wanted, matching};

/// All channels of an EDF or BDF file.
pub(crate) fn edf(bytes: &[u8]) -> Result<Recording, String> {
    edf::Edf::new(bytes.into()).and_then(|edf| edf.read(Wanted::default()))
}

/// The extensions that are read.
pub(crate) const EXTENSIONS: &[&str] = &["edf", "bdf", "npy", "csv"];
