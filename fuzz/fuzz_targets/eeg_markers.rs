#![no_main]
//! Fuzzes the target `eeg_markers`.

any2any_fuzz::fuzz!("eeg_markers");
