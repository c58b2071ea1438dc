//! The `any2any` command with the media that ship with it.

use std::process::ExitCode;

// Training makes and frees the same large temporaries at every step. mimalloc keeps their pages, where the
// system's allocator gives them back and faults them in again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // A server gives back what a large request took.
    let serves = std::env::args().nth(1).is_some_and(|command| ["serve", "explore"].contains(&&*command));
    if !serves {
        keep_freed_pages();
    }
    any2any_cli::main(any2any_cli::media())
}

/// Tells the allocator never to give freed pages back to the system.
#[allow(unsafe_code)]
fn keep_freed_pages() {
    // `mi_option_purge_delay` of mimalloc.h, versions 2 and 3, which the bindings do not name.
    const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
    // SAFETY: sets a number that the allocator reads atomically; no other thread runs yet.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, -1) };
}
