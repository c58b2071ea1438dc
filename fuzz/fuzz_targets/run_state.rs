#![no_main]
//! Fuzzes the target `run_state`.

any2any_fuzz::fuzz!("run_state");
