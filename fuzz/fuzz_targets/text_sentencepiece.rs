#![no_main]
//! Fuzzes the target `text_sentencepiece`.

any2any_fuzz::fuzz!("text_sentencepiece");
