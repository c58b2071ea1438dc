#![no_main]
//! Fuzzes the target `unpack_tar`.

any2any_fuzz::fuzz!("unpack_tar");
