//! WebP (RFC 9649): lossy, lossless, with alpha, and the first picture of an animation.

use std::io::Cursor;

use image_webp::WebPDecoder;

use crate::decoded::Pixels;
use crate::error::ImageError;
use crate::orientation::Orientation;
use crate::picture::{MOST_MEMORY, Picture, broken, check_plausible};
use crate::price::{Header, pixels};

/// A picture of one colour takes no bits for its pixels.
const MOST_PIXELS_A_BYTE: usize = 1 << 22;

/// Size and decoding memory of a file, from its header.
pub(crate) fn header(bytes: &[u8]) -> Option<Header> {
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).ok()?;
    let (width, height) = decoder.dimensions();
    let size = (width as usize, height as usize);
    let (width, height) = orientation(&mut decoder, bytes.len()).upright(size);
    // Levels with alpha, twice, and what the decoder keeps: a canvas, and a picture of its own.
    Some(Header { width, height, bytes: 20 * pixels(size) })
}

/// Orientation in which the camera was held. Damaged metadata is no reason to lose the picture.
fn orientation(decoder: &mut WebPDecoder<Cursor<&[u8]>>, file: usize) -> Orientation {
    // The decoder makes room for notes as long as they say to be, and none are longer than the file.
    decoder.set_memory_limit(file);
    let exif = decoder.exif_metadata().ok().flatten();
    let exif = exif.as_deref().map(|exif| exif.strip_prefix(b"Exif\0\0").unwrap_or(exif));
    let xmp = decoder.xmp_metadata().ok().flatten();
    Orientation::new(exif, xmp.as_deref())
}

pub(crate) fn read(bytes: &[u8]) -> Result<Picture, ImageError> {
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(broken)?;
    decoder.set_memory_limit(MOST_MEMORY);
    let (width, height) = decoder.dimensions();
    let (width, height) = (width as usize, height as usize);
    check_plausible((width, height), bytes.len(), MOST_PIXELS_A_BYTE)?;
    let channels = if decoder.has_alpha() { 4 } else { 3 };
    let mut values = vec![0; width * height * channels];
    let mut warnings = Vec::new();
    if decoder.is_animated() {
        warnings.push("the WebP is an animation: its first picture is read".to_owned());
    }
    decoder.read_image(&mut values).map_err(broken)?;
    let kind = if decoder.is_lossy() { "lossy" } else { "lossless" };
    let alpha = if channels == 4 { ", alpha" } else { "" };
    let pixels = Pixels { width, height, channels, values: values.into() };
    let pixels = orientation(&mut decoder, bytes.len()).apply(pixels);
    Ok(Picture { pixels, format: format!("WebP, {kind}{alpha}"), warnings })
}
