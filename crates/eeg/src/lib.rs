//! The EEG medium: recordings to windows, band powers or spectra, and back.
//!
//! The way of a recording:
//!
//! ```text
//! file ──read──► channels ──reference, filter, resample──► recording ──epoch around the event──► signal
//! signal ──windows──► features ──normalise──► frames        frames of traces ──► signal ──► EDF
//! ```
//!
//! All steps up to the signal are taken once, when a value is opened, and the last recordings are cached, because
//! many events lie in one. Filters and resampling follow SciPy, so that their known properties hold here.

mod adapter;
mod augment;
mod check;
mod error;
mod features;
mod files;
mod medium;
mod options;
mod preprocessing;
mod price;
mod state;
mod traces;

pub use adapter::EegAdapter;
pub use error::EegError;
pub use features::options::{BandPowers, Features, Layout, Normalize, Raw, Rhythms, Spectrum, Within};
pub use files::{Annotation, annotations};
pub use medium::Eeg;
pub use options::{
    Artefacts, Augment, EegOptions, Filter, Moving, Output, Reference, Span, Standardize, Traces,
};
