#![no_main]
//! Fuzzes the target `image_idx`.

any2any_fuzz::fuzz!("image_idx");
