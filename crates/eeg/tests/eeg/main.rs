//! Recordings: their files, their options, and what becomes of them, beside what other programs read.

mod broken;
mod bytes;
mod cases;
mod common;
mod conformance;
mod formats;
mod golden;
mod medium;
#[path = "../../../../tests/support/outside.rs"]
mod outside;
mod real;
