//! What a program tells mimalloc, its allocator; where it has another, nothing happens.
#![allow(unsafe_code)]

/// Never gives freed pages back to the system: whatever makes and frees the same large temporaries over and over gets
/// them again without a fault.
pub(crate) fn keep_freed_pages() {
    // `mi_option_purge_delay` of mimalloc.h, versions 2 and 3, which the bindings do not name.
    const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
    // SAFETY: sets a number that the allocator reads atomically.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, -1) };
}

/// Keeps the system from putting pages of 4 KiB together to one of 2 MiB, of which nothing goes back before all of it is
/// free. mimalloc asks for such pages where a system leaves that to programs.
pub(crate) fn keep_pages_small() {
    #[cfg(target_os = "linux")]
    // Where the kernel knows no such pages there is nothing to keep it from.
    let _ = nix::sys::prctl::set_thp_disable(true);
}

/// Gives back what this thread has freed, and what threads that have ended left.
pub(crate) fn give_back() {
    // SAFETY: it touches what is free alone, and may be called at any time.
    unsafe { libmimalloc_sys::mi_collect(true) };
}
