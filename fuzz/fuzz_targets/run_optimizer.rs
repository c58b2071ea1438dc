#![no_main]
//! Fuzzes the target `run_optimizer`.

any2any_fuzz::fuzz!("run_optimizer");
