#![no_main]
//! Fuzzes the target `vocabulary_eeg`.

any2any_fuzz::fuzz!("vocabulary_eeg");
