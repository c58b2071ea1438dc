//! EncoderOutput that work may take: all of this program's is counted, and what asks for too much ends the process.

use std::alloc::System;

use cap::Cap;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// Bytes that reading one small input may take beside what was there before.
pub const MOST: u64 = 512 << 20;

/// Does work that may take so many bytes more than there are now. An allocation beyond them fails, which ends the
/// process unless it was asked for with `try_reserve`.
pub fn at_most<T>(bytes: u64, work: impl FnOnce() -> T) -> T {
    let before = ALLOCATOR.limit();
    let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    // Where less than that is left of an outer limit, that one holds.
    let _ = ALLOCATOR.set_limit(ALLOCATOR.allocated().saturating_add(bytes).min(before));
    let done = work();
    let _ = ALLOCATOR.set_limit(before);
    done
}
