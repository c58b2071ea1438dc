#![no_main]
//! Fuzzes the target `data_idx_gz`.

any2any_fuzz::fuzz!("data_idx_gz");
