#![no_main]
//! Fuzzes the target `audio_au`.

any2any_fuzz::fuzz!("audio_au");
