#![no_main]
//! Fuzzes the target `eeg_fif`.

any2any_fuzz::fuzz!("eeg_fif");
