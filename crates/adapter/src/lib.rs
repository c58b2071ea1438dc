//! Interface between media and the model: values, sequences, regions, and the traits that a new medium implements.
//!
//! An [`Adapter`] turns one medium (text, images, sound, ...) into a [`Sequence`] of tokens or frames and back. The
//! model sees sequences only; adapters never see the model. Every position of a sequence keeps the [`Region`] of the
//! original that it covers, so that explanations of the model work for every medium.
//!
//! A dataset holds [`Value`]s: texts, pictures, signals, or files that only their medium can decode.
//!
//! A [`Medium`] opens values and builds adapters from the options of an experiment, and a [`Registry`] names the
//! media a program knows. A new medium is one new crate that implements these two traits, plus one line of
//! registration.

mod adapter;
mod cancellation;
mod contents;
mod file;
mod image;
mod magnitude;
mod medium;
mod number;
mod price;
mod random;
mod region;
mod registry;
mod sequence;
mod signal;
mod unpacking;
mod value;

pub use adapter::{Adapter, AdapterError, Convolution, Decoded, FrameCount, Head, Stem};
pub use cancellation::{CancelOnDrop, Cancellation, Cancelled};
pub use contents::Contents;
pub use file::{File, Part};
pub use image::Image;
pub use magnitude::Magnitude;
pub use medium::{Event, Medium, OpenedValue, OptionProblem};
pub use number::grouped;
pub use price::Price;
pub use random::{Random, Seed};
pub use region::Region;
pub use registry::{Registry, RegistryError};
pub use sequence::{Encoded, Frames, Sequence};
pub use signal::Signal;
pub use unpacking::{UnpackedLimit, Unpacking};
pub use value::{Kind, Value};
