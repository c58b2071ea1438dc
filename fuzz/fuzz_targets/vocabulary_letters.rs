#![no_main]
//! Fuzzes the target `vocabulary_letters`.

any2any_fuzz::fuzz!("vocabulary_letters");
