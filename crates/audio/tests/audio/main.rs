//! Sounds: their files, their options, and what becomes of them, beside what other programs read.

mod broken;
mod cases;
mod conformance;
mod data;
mod files;
mod formats;
mod golden;
mod medium;
#[path = "../../../../tests/support/outside.rs"]
mod outside;
mod whisper;
mod windows;
