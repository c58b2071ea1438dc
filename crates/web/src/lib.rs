//! The decoding engine as a WebAssembly module without imports.
//!
//! A caller writes bytes into the module's memory at an address that `reserve` gives, and calls with that address and
//! their number. `load` reads a model and gives its number; `answer` puts a question to it, the endpoint and the body
//! one after the other. Both leave their result behind `result`, of `result_length` bytes: JSON, or a message where
//! they give a negative number.

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
