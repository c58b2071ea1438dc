#![no_main]
//! Fuzzes the target `eeg_npy`.

any2any_fuzz::fuzz!("eeg_npy");
