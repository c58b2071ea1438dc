#![no_main]
//! Fuzzes the target `data_zip`.

any2any_fuzz::fuzz!("data_zip");
