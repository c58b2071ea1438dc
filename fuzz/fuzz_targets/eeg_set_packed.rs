#![no_main]
//! Fuzzes the target `eeg_set_packed`.

any2any_fuzz::fuzz!("eeg_set_packed");
