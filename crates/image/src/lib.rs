//! The image medium: pictures to patches or codes and back.
//!
//! Files are decoded by their content: PNG, JPEG, GIF, BMP, WebP, TIFF, the family of PPM, and IDX archives (the
//! format of MNIST); other formats are named, with a command that converts them. A cell of a sheet, or an item of an
//! archive, is a picture of its own. Colour, size, inversion and corruption are applied once, when a picture is
//! opened; normalisation and codebook are learned from opened pictures; augmentation is drawn anew for every sample
//! of training.
//!
//! The way of a picture:
//!
//! ```text
//! file ──decode──► pixels ──flatten──► picture ──size, invert, corrupt──► opened picture
//!                                                                              │ (augment)
//! frames or tokens ◄──normalize, coordinates, or codebook── patches ◄──grid── features
//! ```
//!
//! Patches are cut as the Vision Transformer cuts them (Dosovitskiy et al. 2021), in raster order; patches as
//! high as the picture make a text line a sequence of columns. A picture is written patch by patch, either
//! by regression of all patches at once, or as tokens of a codebook, one after the other.

mod adapter;
mod augmentation;
mod bitmaps;
mod blur;
mod cache;
mod check;
mod coordinates;
mod corruption;
mod decoded;
mod error;
mod features;
mod flatten;
mod format;
mod gif;
mod grid;
mod idx;
mod jpeg;
mod medium;
mod merge;
mod options;
mod orientation;
mod picture;
mod png;
mod price;
mod raster;
mod resampling;
mod series;
mod size;
mod state;
mod tiff;
mod trim;
mod warp;
mod webp;
mod yiq;

pub use adapter::ImageAdapter;
pub use augmentation::{Augmentation, Cutout};
pub use corruption::{Corruption, Downscale, Gaussian, SaltAndPepper};
pub use error::ImageError;
pub use features::{Features, Gradients};
pub use medium::Image;
pub use options::{
    Background, Codes, Colour, ImageOptions, Moments, Normalize, Output, PatchOutput, Patches,
};
pub use resampling::Resampling;
pub use size::{Extent, Size};
