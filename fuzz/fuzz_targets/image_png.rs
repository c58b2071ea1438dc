#![no_main]
//! Fuzzes the target `image_png`.

any2any_fuzz::fuzz!("image_png");
