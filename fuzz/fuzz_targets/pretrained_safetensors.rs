#![no_main]
//! Fuzzes the target `pretrained_safetensors`.

any2any_fuzz::fuzz!("pretrained_safetensors");
