#![no_main]
//! Fuzzes the target `run_model`.

any2any_fuzz::fuzz!("run_model");
