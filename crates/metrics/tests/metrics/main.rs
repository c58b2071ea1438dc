//! Scores beside those of the tools that everyone uses.

mod image;
mod parity;
mod signal;
