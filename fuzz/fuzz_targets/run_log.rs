#![no_main]
//! Fuzzes the target `run_log`.

any2any_fuzz::fuzz!("run_log");
