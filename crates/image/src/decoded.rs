//! Files decoded: PNG and JPEG by their content, IDX archives beside them.

use std::io::Cursor;
use std::sync::Arc;

use any2any_adapter::{Image, Part};
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use crate::error::ImageError;
use crate::idx::Idx;

/// The most pixels of a picture.
pub(crate) const MOST_PIXELS: usize = 1 << 26;
/// The most memory that a decoder may take, in bytes.
const MOST_MEMORY: u64 = 1 << 30;
/// No byte of a file stands for more pixels: deflate shrinks to a 1032nd at best, and 8 pixels of one bit
/// share a byte.
const MOST_PIXELS_A_BYTE: usize = 8 * 1032;

/// Pixels as a file has them. Cloning shares them.
///
/// # Shapes
///
/// - values: `[height, width, channels]`; grey, grey and alpha, colour, or colour and alpha
#[derive(Clone, Debug)]
pub(crate) struct Pixels {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) channels: usize,
    pub(crate) values: Arc<[u8]>,
}

impl From<&Image> for Pixels {
    fn from(image: &Image) -> Self {
        let (width, height, channels) = (image.width(), image.height(), image.channels());
        Self { width, height, channels, values: image.pixels().into() }
    }
}

/// A rectangle of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Area {
    pub(crate) left: usize,
    pub(crate) top: usize,
    pub(crate) width: usize,
    pub(crate) height: usize,
}

/// What a file holds.
#[derive(Clone, Debug)]
pub(crate) enum Decoded {
    Picture(Pixels),
    Archive(Idx),
}

impl Decoded {
    pub(crate) fn new(bytes: &[u8]) -> Result<Self, ImageError> {
        if Idx::is_begun_by(bytes) {
            return Ok(Self::Archive(Idx::new(bytes)?));
        }
        Ok(Self::Picture(picture(bytes)?))
    }

    /// How much memory it keeps, in bytes.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Picture(pixels) => pixels.values.len(),
            Self::Archive(idx) => idx.size(),
        }
    }

    /// The pixels of a part, and which of them.
    pub(crate) fn part(&self, part: Option<Part>) -> Result<(Pixels, Area), ImageError> {
        match (self, part) {
            (Self::Picture(pixels), None) => Ok((pixels.clone(), whole(pixels))),
            (Self::Picture(pixels), Some(Part::Rectangle { left, top, width, height })) => {
                let fits = |start: usize, len: usize, end: usize| {
                    len > 0 && start.checked_add(len).is_some_and(|stop| stop <= end)
                };
                if !fits(left, width, pixels.width) || !fits(top, height, pixels.height) {
                    return Err(ImageError::Outside { width: pixels.width, height: pixels.height });
                }
                Ok((pixels.clone(), Area { left, top, width, height }))
            }
            (Self::Archive(idx), Some(Part::Item(number))) => {
                let pixels = idx.item(number)?;
                let area = whole(&pixels);
                Ok((pixels, area))
            }
            (Self::Archive(idx), None) => Err(ImageError::Archive { items: idx.items() }),
            _ => Err(ImageError::Part),
        }
    }
}

pub(crate) fn whole(pixels: &Pixels) -> Area {
    Area { left: 0, top: 0, width: pixels.width, height: pixels.height }
}

/// Whether a picture of this size can be worked with.
pub(crate) fn check_size(width: usize, height: usize) -> Result<(), ImageError> {
    let sound = width.checked_mul(height).is_some_and(|pixels| pixels <= MOST_PIXELS);
    sound.then_some(()).ok_or(ImageError::TooLarge { width, height, limit: MOST_PIXELS })
}

/// Whether the last scan of a JPEG has an end: both markers are pairs of bytes that pixels never make.
fn jpeg_ends(bytes: &[u8]) -> bool {
    let pairs = || bytes.windows(2).enumerate().rev();
    let last = |marker: [u8; 2]| pairs().find(|(_, pair)| *pair == marker).map(|(place, _)| place);
    last([0xff, 0xda]).is_some_and(|scan| last([0xff, 0xd9]).is_some_and(|end| end > scan))
}

/// A PNG or JPEG, turned upright when it says how it was held.
fn picture(bytes: &[u8]) -> Result<Pixels, ImageError> {
    let broken = |error: &dyn std::fmt::Display| ImageError::Broken { reason: error.to_string() };
    let mut reader =
        ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|error| broken(&error))?;
    match reader.format() {
        Some(ImageFormat::Png) => {}
        Some(ImageFormat::Jpeg) if jpeg_ends(bytes) => {}
        // The decoder would fill the rest with grey.
        Some(ImageFormat::Jpeg) => return Err(broken(&"its end is missing")),
        _ => return Err(ImageError::Format),
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| broken(&error))?;
    let (width, height) = decoder.dimensions();
    let (width, height) = (width as usize, height as usize);
    check_size(width, height)?;
    if width * height > bytes.len().saturating_mul(MOST_PIXELS_A_BYTE) {
        return Err(ImageError::Implausible { width, height, bytes: bytes.len() });
    }
    // A damaged note about the orientation is no reason to lose the picture.
    let orientation = decoder.orientation().ok();
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| broken(&error))?;
    if let Some(orientation) = orientation {
        picture.apply_orientation(orientation);
    }
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let (colour, alpha) = (picture.color().has_color(), picture.color().has_alpha());
    let (channels, values) = match (colour, alpha) {
        (false, false) => (1, picture.into_luma8().into_raw()),
        (false, true) => (2, picture.into_luma_alpha8().into_raw()),
        (true, false) => (3, picture.into_rgb8().into_raw()),
        (true, true) => (4, picture.into_rgba8().into_raw()),
    };
    if width == 0 || height == 0 {
        return Err(ImageError::Broken { reason: "it has no pixels".to_owned() });
    }
    Ok(Pixels { width, height, channels, values: values.into() })
}
