#![no_main]
//! Fuzzes the target `eeg_edf`.

any2any_fuzz::fuzz!("eeg_edf");
