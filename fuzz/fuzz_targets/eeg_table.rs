#![no_main]
//! Fuzzes the target `eeg_table`.

any2any_fuzz::fuzz!("eeg_table");
