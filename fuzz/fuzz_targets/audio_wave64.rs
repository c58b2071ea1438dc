#![no_main]
//! Fuzzes the target `audio_wave64`.

any2any_fuzz::fuzz!("audio_wave64");
