#![no_main]
//! Fuzzes the target `data_csv`.

any2any_fuzz::fuzz!("data_csv");
