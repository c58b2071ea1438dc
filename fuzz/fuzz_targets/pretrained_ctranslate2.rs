#![no_main]
//! Fuzzes the target `pretrained_ctranslate2`.

any2any_fuzz::fuzz!("pretrained_ctranslate2");
