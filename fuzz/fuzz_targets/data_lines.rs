#![no_main]
//! Fuzzes the target `data_lines`.

any2any_fuzz::fuzz!("data_lines");
