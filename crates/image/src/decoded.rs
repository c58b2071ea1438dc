//! Decoded files: pictures, recognised by their content, and IDX archives.

use std::sync::Arc;

use any2any_adapter::{Image, Part};

use crate::error::ImageError;
use crate::format::Format;
use crate::idx::Idx;
use crate::picture::Picture;

/// The most pixels of a picture.
pub(crate) const MOST_PIXELS: usize = 1 << 26;

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

impl Pixels {
    /// The values of a rectangle, which lies inside.
    pub(crate) fn cut(&self, area: Area) -> Vec<u8> {
        let row = |y: usize| {
            &self.values[(y * self.width + area.left) * self.channels..][..area.width * self.channels]
        };
        (area.top..area.top + area.height).flat_map(row).copied().collect()
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

/// The decoded contents of a file.
#[derive(Clone, Debug)]
pub(crate) enum Decoded {
    Picture(Picture),
    Archive(Idx),
}

impl Decoded {
    pub(crate) fn new(bytes: &[u8]) -> Result<Self, ImageError> {
        if Idx::is_begun_by(bytes) {
            return Ok(Self::Archive(Idx::new(bytes)?));
        }
        Ok(Self::Picture(Picture::new(bytes)?))
    }

    /// True if bytes are a file of a format that is read here, or is named when it is refused.
    pub(crate) fn recognises(bytes: &[u8]) -> bool {
        Idx::is_inside(bytes) || Format::of(bytes).is_some()
    }

    /// The name of the format that was found.
    pub(crate) fn format(&self) -> String {
        match self {
            Self::Picture(picture) => picture.format.clone(),
            Self::Archive(_) => "IDX, an archive of grey pictures".to_owned(),
        }
    }

    /// Warnings about the file.
    pub(crate) fn warnings(&self) -> &[String] {
        match self {
            Self::Picture(picture) => &picture.warnings,
            Self::Archive(_) => &[],
        }
    }

    /// Memory of the decoded contents, in bytes.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Picture(picture) => picture.pixels.values.len(),
            Self::Archive(idx) => idx.size(),
        }
    }

    /// The pixels that hold a part, and the rectangle of the part in them.
    pub(crate) fn part(&self, part: Option<Part>) -> Result<(Pixels, Area), ImageError> {
        match (self, part) {
            (Self::Picture(Picture { pixels, .. }), None) => Ok((pixels.clone(), whole(pixels))),
            (Self::Picture(Picture { pixels, .. }), Some(Part::Rectangle { left, top, width, height })) => {
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

/// Checks that a picture of this size is not too large.
pub(crate) fn check_size(width: usize, height: usize) -> Result<(), ImageError> {
    let sound = width.checked_mul(height).is_some_and(|pixels| pixels <= MOST_PIXELS);
    sound.then_some(()).ok_or(ImageError::TooLarge { width, height, limit: MOST_PIXELS })
}
