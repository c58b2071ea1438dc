#![no_main]
//! Fuzzes the target `audio_ogg`.

any2any_fuzz::fuzz!("audio_ogg");
