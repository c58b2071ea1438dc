#![no_main]
//! Fuzzes the target `eeg_set`.

any2any_fuzz::fuzz!("eeg_set");
