#![no_main]
//! Fuzzes the target `experiment`.

any2any_fuzz::fuzz!("experiment");
