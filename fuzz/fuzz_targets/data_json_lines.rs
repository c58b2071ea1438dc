#![no_main]
//! Fuzzes the target `data_json_lines`.

any2any_fuzz::fuzz!("data_json_lines");
