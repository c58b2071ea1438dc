#![no_main]
//! Fuzzes the target `text_tokenizer_json`.

any2any_fuzz::fuzz!("text_tokenizer_json");
