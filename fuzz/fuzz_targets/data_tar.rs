#![no_main]
//! Fuzzes the target `data_tar`.

any2any_fuzz::fuzz!("data_tar");
