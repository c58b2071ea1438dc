#![no_main]
//! Fuzzes the target `request_form`.

any2any_fuzz::fuzz!("request_form");
