#![no_main]
//! Fuzzes the target `request_next`.

any2any_fuzz::fuzz!("request_next");
