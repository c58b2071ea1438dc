#![no_main]
//! Fuzzes the target `data_idx`.

any2any_fuzz::fuzz!("data_idx");
