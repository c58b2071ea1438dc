#![no_main]
//! Fuzzes the target `unpack_tar_gz`.

any2any_fuzz::fuzz!("unpack_tar_gz");
