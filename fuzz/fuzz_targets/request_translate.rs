#![no_main]
//! Fuzzes the target `request_translate`.

any2any_fuzz::fuzz!("request_translate");
