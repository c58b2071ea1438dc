//! Keys of hash maps, which libraries ask a generator of random numbers for. Nothing that is decoded depends on them.

#![allow(unsafe_code)] // the function that the crate getrandom looks for, by its name

/// Fills memory with numbers that are the same in every module: it has no imports, and so no randomness.
#[unsafe(no_mangle)]
unsafe extern "Rust" fn __getrandom_v03_custom(
    place: *mut u8,
    length: usize,
) -> Result<(), getrandom::Error> {
    let mut state = 0x9e37_79b9_u32;
    for at in 0..length {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // SAFETY: the caller gives memory of this length.
        unsafe { place.add(at).write((state >> 24) as u8) };
    }
    Ok(())
}
