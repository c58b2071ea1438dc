#![no_main]
//! Fuzzes the target `image_webp`.

any2any_fuzz::fuzz!("image_webp");
