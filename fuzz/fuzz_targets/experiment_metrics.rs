#![no_main]
//! Fuzzes the target `experiment_metrics`.

any2any_fuzz::fuzz!("experiment_metrics");
