#![no_main]
//! Fuzzes the target `run_scores`.

any2any_fuzz::fuzz!("run_scores");
