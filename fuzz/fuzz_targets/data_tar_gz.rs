#![no_main]
//! Fuzzes the target `data_tar_gz`.

any2any_fuzz::fuzz!("data_tar_gz");
