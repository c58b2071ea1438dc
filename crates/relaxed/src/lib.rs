//! Inner products of bytes with the relaxed vectors of WebAssembly, as a module that is lent to the decoding engine.
//!
//! Browsers without these vectors refuse a module that names one, so the engine names none, and where this module compiles,
//! it multiplies with what stands here. The module imports the engine's memory, and has none of its own: no stack, no data.
//!
//! The instruction multiplies signed bytes with others, of which a processor may take the highest bit as it likes: x86 makes
//! them unsigned, ARM signed, and older ones stop sums at 16 bits. So there are two functions, of which the engine takes
//! the one that is right on its own examples, or neither.

#[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
mod products;
