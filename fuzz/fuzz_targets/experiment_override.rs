#![no_main]
//! Fuzzes the target `experiment_override`.

any2any_fuzz::fuzz!("experiment_override");
