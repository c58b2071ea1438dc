#![no_main]
//! Fuzzes the target `pretrained_marian`.

any2any_fuzz::fuzz!("pretrained_marian");
