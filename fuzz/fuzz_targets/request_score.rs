#![no_main]
//! Fuzzes the target `request_score`.

any2any_fuzz::fuzz!("request_score");
