#![no_main]
//! Fuzzes the target `data_fasta`.

any2any_fuzz::fuzz!("data_fasta");
