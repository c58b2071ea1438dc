//! Settings of mimalloc, the program's allocator; with another allocator they do nothing.
#![allow(unsafe_code)]

/// Never gives freed pages back to the system: a program that makes and frees the same large temporaries over and over
/// gets them again without a page fault.
pub(crate) fn keep_freed_pages() {
    // `mi_option_purge_delay` of mimalloc.h, versions 2 and 3, which the bindings do not name.
    const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
    // SAFETY: sets a number that the allocator reads atomically.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, -1) };
}

/// Keeps the system from merging pages of 4 KiB to huge ones of 2 MiB, which go back only when all of them is free.
/// mimalloc asks for huge pages if the system leaves that to programs.
pub(crate) fn keep_pages_small() {
    #[cfg(target_os = "linux")]
    // A kernel without huge pages refuses, which does no harm.
    let _ = nix::sys::prctl::set_thp_disable(true);
}

/// Gives back to the system what this thread has freed, and what threads that have ended left.
pub(crate) fn give_back() {
    // SAFETY: it touches only free memory, and may be called at any time.
    unsafe { libmimalloc_sys::mi_collect(true) };
}
