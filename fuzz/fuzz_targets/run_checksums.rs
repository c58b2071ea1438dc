#![no_main]
//! Fuzzes the target `run_checksums`.

any2any_fuzz::fuzz!("run_checksums");
