#![no_main]
//! Fuzzes the target `pretrained_npz`.

any2any_fuzz::fuzz!("pretrained_npz");
