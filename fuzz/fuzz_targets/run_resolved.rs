#![no_main]
//! Fuzzes the target `run_resolved`.

any2any_fuzz::fuzz!("run_resolved");
