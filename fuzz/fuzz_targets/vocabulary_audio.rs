#![no_main]
//! Fuzzes the target `vocabulary_audio`.

any2any_fuzz::fuzz!("vocabulary_audio");
