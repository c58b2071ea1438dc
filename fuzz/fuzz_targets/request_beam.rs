#![no_main]
//! Fuzzes the target `request_beam`.

any2any_fuzz::fuzz!("request_beam");
