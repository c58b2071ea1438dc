#![no_main]
//! Fuzzes the target `image_tiff`.

any2any_fuzz::fuzz!("image_tiff");
