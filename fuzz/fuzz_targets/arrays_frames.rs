#![no_main]
//! Fuzzes the target `arrays_frames`.

any2any_fuzz::fuzz!("arrays_frames");
