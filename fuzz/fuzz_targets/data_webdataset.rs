#![no_main]
//! Fuzzes the target `data_webdataset`.

any2any_fuzz::fuzz!("data_webdataset");
