#![no_main]
//! Fuzzes the target `audio_caf`.

any2any_fuzz::fuzz!("audio_caf");
