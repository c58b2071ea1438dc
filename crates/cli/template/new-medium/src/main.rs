//! `any2any` with a medium more: notes of music.

mod adapter;
mod medium;
mod metric;
mod value;

use std::process::ExitCode;

use any2any::Program;

fn main() -> ExitCode {
    Program::new(any2any::media()).medium(medium::Notes).metric::<metric::RightNotes>("right_notes").main()
}

#[cfg(test)]
mod tests;
