#![no_main]
//! Fuzzes the target `image_idx_gz`.

any2any_fuzz::fuzz!("image_idx_gz");
