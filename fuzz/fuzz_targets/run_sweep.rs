#![no_main]
//! Fuzzes the target `run_sweep`.

any2any_fuzz::fuzz!("run_sweep");
