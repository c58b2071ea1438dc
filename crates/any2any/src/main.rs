//! The command `any2any` with the media that ship with it.

use std::process::ExitCode;

fn main() -> ExitCode {
    any2any::Program::new(any2any::media()).main()
}
