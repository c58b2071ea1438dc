#![no_main]
//! Fuzzes the target `audio_nist`.

any2any_fuzz::fuzz!("audio_nist");
