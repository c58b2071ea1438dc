#![no_main]
//! Fuzzes the target `request_attribution`.

any2any_fuzz::fuzz!("request_attribution");
