#![no_main]
//! Fuzzes the target `audio_aiff`.

any2any_fuzz::fuzz!("audio_aiff");
