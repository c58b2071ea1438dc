#![no_main]
//! Fuzzes the target `request_libretranslate`.

any2any_fuzz::fuzz!("request_libretranslate");
