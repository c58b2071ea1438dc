#![no_main]
//! Fuzzes the target `request_look`.

any2any_fuzz::fuzz!("request_look");
