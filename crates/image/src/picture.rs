//! Pictures read from files: pixels of 8 bits, the format that was found, and what is odd about it.

use std::io::Cursor;

use image::codecs::bmp::BmpDecoder;
use image::codecs::pnm::PnmDecoder;
use image::{DynamicImage, ImageDecoder, Limits};

use crate::decoded::{Pixels, check_size};
use crate::error::ImageError;
use crate::format::Format;
use crate::orientation::Orientation;
use crate::{gif, jpeg, png, tiff, webp};

/// The most memory that a decoder may take, in bytes.
pub(crate) const MOST_MEMORY: usize = 1 << 30;

/// A picture read from a file.
#[derive(Clone, Debug)]
pub(crate) struct Picture {
    pub(crate) pixels: Pixels,
    /// `JPEG, progressive, YCbCr`
    pub(crate) format: String,
    /// What is odd about the file, without its name.
    pub(crate) warnings: Vec<String>,
}

impl Picture {
    /// A picture from the bytes of a file, turned upright when it says how it was held.
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
            Format::Gif => gif::read(bytes),
            Format::WebP => webp::read(bytes),
            Format::Tiff => tiff::read(bytes),
            Format::Bmp => plain("BMP", BmpDecoder::new(Cursor::new(bytes)).map_err(broken)?, bytes),
            Format::Pnm => plain("PNM", PnmDecoder::new(Cursor::new(bytes)).map_err(broken)?, bytes),
            Format::Other(format, command) => Err(ImageError::refused(format, command)),
        }
    }
}

/// What a decoder of another crate says.
pub(crate) fn broken(error: impl std::fmt::Display) -> ImageError {
    ImageError::Broken { reason: error.to_string() }
}

/// Whether a picture of this size can be in so many bytes, each of which stands for so many pixels at most.
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

/// A format that says nothing but pixels.
fn plain(name: &str, mut decoder: impl ImageDecoder, bytes: &[u8]) -> Result<Picture, ImageError> {
    let (width, height) = decoder.dimensions();
    // Runs of a bitmap jump over as many pixels as they like.
    check_plausible((width as usize, height as usize), bytes.len(), 1 << 16)?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_MEMORY as u64);
    decoder.set_limits(limits).map_err(broken)?;
    let picture = DynamicImage::from_decoder(decoder).map_err(broken)?;
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let (colour, alpha) = (picture.color().has_color(), picture.color().has_alpha());
    let (channels, values) = match (colour, alpha) {
        (false, false) => (1, picture.into_luma8().into_raw()),
        (false, true) => (2, picture.into_luma_alpha8().into_raw()),
        (true, false) => (3, picture.into_rgb8().into_raw()),
        (true, true) => (4, picture.into_rgba8().into_raw()),
    };
    let pixels = Pixels { width, height, channels, values: values.into() };
    let format = format!("{name}, {}", colours(channels));
    Ok(Picture { pixels, format, warnings: Vec::new() })
}

/// What so many channels are.
pub(crate) fn colours(channels: usize) -> &'static str {
    match channels {
        1 => "grey",
        2 => "grey and alpha",
        3 => "RGB",
        _ => "RGBA",
    }
}
