#![no_main]
//! Fuzzes the target `vocabulary_image`.

any2any_fuzz::fuzz!("vocabulary_image");
