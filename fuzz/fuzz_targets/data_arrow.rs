#![no_main]
//! Fuzzes the target `data_arrow`.

any2any_fuzz::fuzz!("data_arrow");
