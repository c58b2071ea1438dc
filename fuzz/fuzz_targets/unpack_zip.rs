#![no_main]
//! Fuzzes the target `unpack_zip`.

any2any_fuzz::fuzz!("unpack_zip");
