#![no_main]
//! Fuzzes the target `pretrained_pickle`.

any2any_fuzz::fuzz!("pretrained_pickle");
