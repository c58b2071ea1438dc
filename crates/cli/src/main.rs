//! The `any2any` command with the media that ship with it.

use std::process::ExitCode;

// Training makes and frees the same large temporaries at every step. mimalloc keeps their pages, where the
// system's allocator gives them back and faults them in again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    any2any_cli::Program::new(any2any_cli::media()).main()
}
