#![no_main]
//! Fuzzes the target `audio_wave`.

any2any_fuzz::fuzz!("audio_wave");
