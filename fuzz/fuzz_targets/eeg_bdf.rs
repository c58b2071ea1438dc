#![no_main]
//! Fuzzes the target `eeg_bdf`.

any2any_fuzz::fuzz!("eeg_bdf");
