#![no_main]
//! Fuzzes the target `request_machine`.

any2any_fuzz::fuzz!("request_machine");
