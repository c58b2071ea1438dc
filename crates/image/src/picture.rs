//! Pictures read from files: pixels of 8 bits, the format that was found, and warnings.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::decoded::{Pixels, check_size};
use crate::error::ImageError;
use crate::format::Format;
use crate::orientation::Orientation;
use crate::{bitmaps, gif, jpeg, png, tiff, webp};

/// The most memory that a decoder may take, in bytes.
pub(crate) const MOST_MEMORY: usize = 1 << 30;

/// A picture read from a file.
#[derive(Clone, Debug)]
pub(crate) struct Picture {
    pub(crate) pixels: Pixels,
    /// `JPEG, progressive, YCbCr`
    pub(crate) format: String,
    /// Warnings about the file, without its name.
    pub(crate) warnings: Vec<String>,
}

impl Picture {
    /// Reads a picture from the bytes of a file, and turns it upright by its metadata.
    pub(crate) fn new(bytes: &[u8]) -> Result<Self, ImageError> {
        match Format::of(bytes).ok_or(ImageError::Format)? {
            Format::Png => png::read(bytes),
            Format::Jpeg => {
                let jpeg = jpeg::read(bytes)?;
                let orientation = Orientation::new(jpeg.exif, jpeg.xmp);
                let (width, height, channels) = (jpeg.width, jpeg.height, jpeg.channels);
                let pixels = Pixels { width, height, channels, values: jpeg.values.into() };
                Ok(Self { pixels: orientation.apply(pixels), format: jpeg.format, warnings: jpeg.warnings })
            }
            Format::Gif => guarded(gif::read, bytes),
            Format::WebP => guarded(webp::read, bytes),
            Format::Tiff => guarded(tiff::read, bytes),
            Format::Bmp => guarded(bitmaps::bmp, bytes),
            Format::Pnm => guarded(bitmaps::pnm, bytes),
            Format::Other(format, command) => Err(ImageError::refused(format, command)),
        }
    }
}

/// Runs a reader that uses a decoder of another crate, and turns a panic into an error: a damaged file costs no
/// other.
fn guarded(read: fn(&[u8]) -> Result<Picture, ImageError>, bytes: &[u8]) -> Result<Picture, ImageError> {
    let read = catch_unwind(AssertUnwindSafe(|| read(bytes)));
    read.unwrap_or_else(|_| Err(broken("its decoder stumbled over it")))
}

/// The message of a decoder of another crate, as an error.
pub(crate) fn broken(error: impl std::fmt::Display) -> ImageError {
    ImageError::Broken { reason: error.to_string() }
}

/// Checks that a picture of this size fits into the bytes of its file, each of which stands for so many pixels at
/// most.
pub(crate) fn check_plausible(
    (width, height): (usize, usize),
    bytes: usize,
    most_pixels_a_byte: usize,
) -> Result<(), ImageError> {
    if width == 0 || height == 0 {
        return Err(broken("it has no pixels"));
    }
    check_size(width, height)?;
    if width * height > bytes.saturating_mul(most_pixels_a_byte) {
        return Err(ImageError::Implausible { width, height, bytes });
    }
    Ok(())
}

/// Levels of 16 bits as levels of 8 bits, rounded.
pub(crate) fn shallow(level: u16) -> u8 {
    ((u32::from(level) + 128) / 257) as u8
}

/// Name of the colours of so many channels.
pub(crate) fn colours(channels: usize) -> &'static str {
    match channels {
        1 => "grey",
        2 => "grey and alpha",
        3 => "RGB",
        _ => "RGBA",
    }
}
