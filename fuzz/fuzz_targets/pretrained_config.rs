#![no_main]
//! Fuzzes the target `pretrained_config`.

any2any_fuzz::fuzz!("pretrained_config");
