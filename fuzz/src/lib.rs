//! Broken files and requests for every reader, and for every format of a run.
//!
//! A [`Target`] is one format: small valid files of it, the words it is made of, and the function that reads it. The
//! targets are fuzzed in two ways:
//!
//! - `cargo fuzz run NAME` mutates them under the coverage of libFuzzer, for as long as one likes;
//! - the test `stand_in` reads 1,000 inputs of each that [`Target::input`] makes of a number, the same on every machine.
//!
//! A reader of a stranger's bytes gives values or an error. It never panics, and takes no more [`memory`] than its
//! price says.

mod experiments;
mod media;
pub mod memory;
mod mutation;
mod pretrained;
#[cfg(feature = "runs")]
mod requests;
#[cfg(feature = "runs")]
mod runs;
mod scratch;
mod tables;
mod target;
mod tokens;
mod vocabularies;

#[cfg(feature = "libfuzzer")]
#[doc(hidden)]
pub use libfuzzer_sys;
pub use target::{Target, target, targets};

/// The program of a target for `cargo fuzz`.
#[cfg(feature = "libfuzzer")]
#[macro_export]
macro_rules! fuzz {
    ($name:literal) => {
        $crate::libfuzzer_sys::fuzz_target!(
            // libFuzzer's own hook ends the process at every panic, also those of foreign decoders that readers catch.
            init: { std::panic::set_hook(Box::new(|panic| eprintln!("{panic}"))); },
            |bytes: &[u8]| {
                let _ = $crate::target($name).expect("a target of this name").read(bytes);
            }
        );
    };
}
