#![no_main]
//! Fuzzes the target `data_tsv`.

any2any_fuzz::fuzz!("data_tsv");
