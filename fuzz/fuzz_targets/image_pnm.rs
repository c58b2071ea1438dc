#![no_main]
//! Fuzzes the target `image_pnm`.

any2any_fuzz::fuzz!("image_pnm");
