#![no_main]
//! Fuzzes the target `run_pointer`.

any2any_fuzz::fuzz!("run_pointer");
