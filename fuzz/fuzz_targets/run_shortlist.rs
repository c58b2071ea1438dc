#![no_main]
//! Fuzzes the target `run_shortlist`.

any2any_fuzz::fuzz!("run_shortlist");
