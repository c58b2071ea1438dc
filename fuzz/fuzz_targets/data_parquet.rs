#![no_main]
//! Fuzzes the target `data_parquet`.

any2any_fuzz::fuzz!("data_parquet");
