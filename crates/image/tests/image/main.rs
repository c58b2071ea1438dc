//! Pictures: their files, their options, and what becomes of them, beside what other programs read.

mod broken;
mod cases;
mod common;
mod conformance;
mod data;
mod golden;
mod jpeg;
mod jpeg_writer;
mod opening;
mod options;
#[path = "../../../../tests/support/outside.rs"]
mod outside;
mod resampling;
mod sequences;
