#![no_main]
//! Fuzzes the target `image_jpeg`.

any2any_fuzz::fuzz!("image_jpeg");
