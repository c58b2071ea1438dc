#![no_main]
//! Fuzzes the target `arrays_tokens`.

any2any_fuzz::fuzz!("arrays_tokens");
