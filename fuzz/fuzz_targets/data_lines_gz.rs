#![no_main]
//! Fuzzes the target `data_lines_gz`.

any2any_fuzz::fuzz!("data_lines_gz");
