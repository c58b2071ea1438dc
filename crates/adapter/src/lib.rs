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
//!
//! Inside, media are used without their types: [`AnyMedium`] and [`AnySide`], whose adapters stand behind a check of
//! all that they return.

mod adapter;
mod attempt;
mod cancellation;
mod contents;
mod custom;
mod erased;
mod error;
mod file;
mod head;
mod image;
mod importer;
mod magnitude;
mod medium;
mod number;
mod options;
mod package;
mod plug_in;
mod price;
mod promises;
mod random;
mod region;
mod registry;
mod sequence;
mod side;
mod signal;
pub mod state;
mod stem;
pub mod testing;
mod unpacking;
mod validated;
mod value;
mod window;

pub use adapter::{Adapter, Decoded, WrittenFile};
pub use cancellation::{CancelOnDrop, Cancellation, Cancelled};
pub use contents::Contents;
pub use custom::{Custom, CustomContents};
pub use erased::{AnyMedium, AnySide};
pub use error::AdapterError;
pub use file::{Extent, File, Part};
pub use head::{FrameCount, Head};
pub use image::Image;
pub use importer::Importer;
pub use magnitude::Magnitude;
pub use medium::{Event, Medium, OpenedValue, OptionProblem, PlugInOptions, Sharing};
pub use number::grouped;
pub use package::Package;
pub use plug_in::{Built, Live, PlugIn, Point};
pub use price::Price;
pub use random::{Random, Seed};
pub use region::Region;
pub use registry::{Registry, RegistryError};
pub use sequence::{Encoded, Frames, Sequence};
pub use side::{Kept, Side};
pub use signal::Signal;
pub use stem::{Convolution, Stem, Unreadable};
pub use unpacking::{UnpackedLimit, Unpacking};
pub use value::{Kind, Value};
pub use window::Window;
