//! Memory limit of a piece of work: all memory of this process is counted, and an allocation beyond the limit ends
//! it.

use std::alloc::System;

use cap::Cap;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// Bytes that reading one small input may take beside the memory in use.
pub const MOST: u64 = 512 << 20;

/// Runs work with a limit of so many bytes beyond those in use. An allocation beyond it fails, which ends the process
/// unless it was made with `try_reserve`.
pub fn at_most<T>(bytes: u64, work: impl FnOnce() -> T) -> T {
    let before = ALLOCATOR.limit();
    let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    // A tighter outer limit stays in force.
    let _ = ALLOCATOR.set_limit(ALLOCATOR.allocated().saturating_add(bytes).min(before));
    let done = work();
    let _ = ALLOCATOR.set_limit(before);
    done
}
