#![no_main]
//! Fuzzes the target `vocabulary_text`.

any2any_fuzz::fuzz!("vocabulary_text");
