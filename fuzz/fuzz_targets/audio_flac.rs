#![no_main]
//! Fuzzes the target `audio_flac`.

any2any_fuzz::fuzz!("audio_flac");
