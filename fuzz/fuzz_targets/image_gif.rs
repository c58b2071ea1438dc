#![no_main]
//! Fuzzes the target `image_gif`.

any2any_fuzz::fuzz!("image_gif");
