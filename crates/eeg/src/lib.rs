//! The EEG medium: recordings to windows, band powers or spectra, and back.
