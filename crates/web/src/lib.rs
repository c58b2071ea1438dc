//! The decoding engine as a WebAssembly module without imports.
//!
//! A caller has `reserve` make room for so many bytes, writes them at the address that it gives, and calls: `load` reads a
//! model from them and gives its number; `answer` puts a question to a model, the endpoint and behind it the body. What they
//! find stands at the address that `result` gives, `result_length` bytes of JSON: an answer, or the problem where they give
//! a negative number.

#[cfg(target_arch = "wasm32")]
mod exports;
#[cfg(target_arch = "wasm32")]
mod keys;

use any2any_adapter::Registry;

/// The media that are built in: those of the program `any2any`.
pub fn media() -> Registry {
    Registry::new()
        .with(any2any_text::Text)
        .with(any2any_image::Image)
        .with(any2any_audio::Audio)
        .with(any2any_eeg::Eeg)
        .with(any2any_arrays::Frames)
        .with(any2any_arrays::Tokens)
}
