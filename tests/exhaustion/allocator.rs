//! The system's allocator, but that a shortage begins at an allocation of a given number: there is no memory, or from
//! there on the process may not write, or not open, as much as before. So each point of some work can be the one.
#![allow(unsafe_code)] // an allocator is

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Resource that runs out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shortage {
    /// One allocation fails.
    Once,
    /// One allocation fails, and all after it.
    Lasting,
    /// No file can be written beyond so many bytes.
    Bytes(u64),
    /// No file can be opened.
    Files,
}

static COUNT: AtomicU64 = AtomicU64::new(0);
/// The numbers of the first and the last allocation that meets the shortage; none is as large.
static FIRST: AtomicU64 = AtomicU64::new(u64::MAX);
static LAST: AtomicU64 = AtomicU64::new(u64::MAX);
/// 0 where memory is short, else 1 for bytes and 2 for files.
static KIND: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicU64 = AtomicU64::new(0);

/// Does some work in which a shortage begins at the allocation of a number, from 1, and gives its result and how often
/// it has allocated. Afterwards there is no shortage.
pub(crate) fn short<T>(number: u64, shortage: Shortage, work: impl FnOnce() -> T) -> (T, u64) {
    let resources = [Resource::RLIMIT_FSIZE, Resource::RLIMIT_NOFILE];
    let before = resources.map(|resource| getrlimit(resource).expect("a limit"));
    let (kind, most) = match shortage {
        Shortage::Once | Shortage::Lasting => (0, 0),
        Shortage::Bytes(most) => (1, most),
        Shortage::Files => (2, 0),
    };
    KIND.store(kind, SeqCst);
    MOST.store(most, SeqCst);
    LAST.store(if shortage == Shortage::Lasting { u64::MAX } else { number }, SeqCst);
    COUNT.store(0, SeqCst);
    FIRST.store(number, SeqCst);
    let done = work();
    FIRST.store(u64::MAX, SeqCst);
    let count = COUNT.load(SeqCst);
    for (resource, (soft, hard)) in resources.into_iter().zip(before) {
        setrlimit(resource, soft, hard).expect("as before");
    }
    (done, count)
}

/// Counts an allocation; true if it fails.
fn fails() -> bool {
    let number = COUNT.fetch_add(1, SeqCst) + 1;
    if number < FIRST.load(SeqCst) || number > LAST.load(SeqCst) {
        return false;
    }
    let resource = match KIND.load(SeqCst) {
        0 => return true,
        1 => Resource::RLIMIT_FSIZE,
        _ => Resource::RLIMIT_NOFILE,
    };
    if let Ok((_, hard)) = getrlimit(resource) {
        let _ = setrlimit(resource, MOST.load(SeqCst), hard);
    }
    false
}

/// The allocator of a program that runs short of something.
pub(crate) struct Short;

// SAFETY: all is left to the system's allocator, or null is given back, which says that there is no memory.
unsafe impl GlobalAlloc for Short {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if fails() { std::ptr::null_mut() } else { unsafe { System.alloc(layout) } }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if fails() { std::ptr::null_mut() } else { unsafe { System.alloc_zeroed(layout) } }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if fails() { std::ptr::null_mut() } else { unsafe { System.realloc(pointer, layout, size) } }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}
