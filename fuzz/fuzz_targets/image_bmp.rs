#![no_main]
//! Fuzzes the target `image_bmp`.

any2any_fuzz::fuzz!("image_bmp");
