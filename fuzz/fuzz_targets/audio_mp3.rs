#![no_main]
//! Fuzzes the target `audio_mp3`.

any2any_fuzz::fuzz!("audio_mp3");
