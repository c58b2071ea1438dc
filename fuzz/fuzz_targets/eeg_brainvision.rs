#![no_main]
//! Fuzzes the target `eeg_brainvision`.

any2any_fuzz::fuzz!("eeg_brainvision");
