#![no_main]
//! Fuzzes the target `data_lines_zst`.

any2any_fuzz::fuzz!("data_lines_zst");
