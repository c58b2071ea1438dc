#![no_main]
//! Fuzzes the target `eeg_gdf`.

any2any_fuzz::fuzz!("eeg_gdf");
