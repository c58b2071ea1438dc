#![no_main]
//! Fuzzes the target `data_manifest`.

any2any_fuzz::fuzz!("data_manifest");
