#![no_main]
//! Fuzzes the target `request`.

any2any_fuzz::fuzz!("request");
