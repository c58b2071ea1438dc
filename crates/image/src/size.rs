//! Pictures brought to a size.

use any2any_adapter::Image;
use image::imageops::{FilterType, resize};
use image::{ImageBuffer, Luma, Pixel, Rgb};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decoded::check_size;
use crate::error::ImageError;
use crate::resampling::{Resampling, resampled};

/// Size that pictures are brought to. Scaling uses the filter that `resampling` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Size {
    /// Scaled to both sides, without regard to proportions.
    Resize(Extent),
    /// Not scaled: centred, with background around it; parts outside are cut off.
    Pad(Extent),
    /// Scaled in proportion until it fits, and centred, with background around it.
    Fit(Extent),
    /// Scaled in proportion to a height; the width is free: for lines of text.
    Height(#[schemars(range(min = 1, max = 4096))] usize),
}

/// A width and a height.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Extent {
    /// Pixels from left to right.
    #[schemars(range(min = 1, max = 4096))]
    pub width: usize,
    /// Pixels from top to bottom.
    #[schemars(range(min = 1, max = 4096))]
    pub height: usize,
}

impl Size {
    /// The width and height that every picture has afterwards, where both are fixed.
    pub(crate) fn fixed(self) -> Option<(usize, usize)> {
        match self {
            Self::Resize(extent) | Self::Pad(extent) | Self::Fit(extent) => {
                Some((extent.width, extent.height))
            }
            Self::Height(_) => None,
        }
    }

    /// The height that every picture has afterwards.
    pub(crate) fn height(self) -> usize {
        match self {
            Self::Resize(extent) | Self::Pad(extent) | Self::Fit(extent) => extent.height,
            Self::Height(height) => height,
        }
    }

    /// The width and height that a picture of this width and height has afterwards.
    pub(crate) fn of(self, (width, height): (usize, usize)) -> (usize, usize) {
        self.fixed().unwrap_or_else(|| (proportional(width, self.height(), height), self.height()))
    }

    /// A picture brought to the size; the background has as many channels.
    pub(crate) fn apply(
        self,
        image: &Image,
        resampling: Resampling,
        background: &[u8],
    ) -> Result<Image, ImageError> {
        let (width, height) = (image.width(), image.height());
        let scale = |width, height| scale(image, resampling, width, height);
        match self {
            Self::Resize(to) => scale(to.width, to.height),
            Self::Pad(to) => pad(image, to, background),
            Self::Fit(to) => {
                // By the side that has less room: width / height against to.width / to.height.
                let (inner_width, inner_height) = if width * to.height > to.width * height {
                    (to.width, proportional(height, to.width, width))
                } else {
                    (proportional(width, to.height, height), to.height)
                };
                pad(&scale(inner_width, inner_height)?, to, background)
            }
            Self::Height(_) => {
                let (width, height) = self.of((width, height));
                scale(width, height)
            }
        }
    }
}

/// `length` scaled by `to / from`, at least 1.
fn proportional(length: usize, to: usize, from: usize) -> usize {
    ((length * to + from / 2) / from).max(1)
}

fn scale(image: &Image, resampling: Resampling, width: usize, height: usize) -> Result<Image, ImageError> {
    if (width, height) == (image.width(), image.height()) {
        return Ok(image.clone());
    }
    check_size(width, height)?;
    // One side is scaled first: the picture in between has the other of the old one.
    let (between_width, between_height) =
        resampling.between((image.width(), image.height()), (width, height));
    check_size(between_width, between_height)?;
    let scaled = match (resampling.filter(), image.channels()) {
        (Some(filter), _) => resampled(image, filter, width, height),
        (None, 1) => scaled::<Luma<u8>>(image, width, height),
        (None, _) => scaled::<Rgb<u8>>(image, width, height),
    };
    scaled.ok_or(ImageError::NoPicture)
}

fn scaled<P: Pixel<Subpixel = u8> + 'static>(image: &Image, width: usize, height: usize) -> Option<Image> {
    let (from_width, from_height) = (image.width() as u32, image.height() as u32);
    let buffer = ImageBuffer::<P, &[u8]>::from_raw(from_width, from_height, image.pixels())?;
    let scaled = resize(&buffer, width as u32, height as u32, FilterType::Lanczos3);
    Image::new(width, height, image.channels(), scaled.into_raw())
}

fn pad(image: &Image, to: Extent, background: &[u8]) -> Result<Image, ImageError> {
    let channels = background.len();
    let mut pixels = background.repeat(to.width * to.height);
    // The start of the common middle in both, and its length.
    let place = |from: usize, to: usize| {
        let len = from.min(to);
        ((from - len) / 2, (to - len) / 2, len)
    };
    let (left, new_left, width) = place(image.width(), to.width);
    let (top, new_top, height) = place(image.height(), to.height);
    for y in 0..height {
        let row = &image.pixels()[((top + y) * image.width() + left) * channels..][..width * channels];
        pixels[((new_top + y) * to.width + new_left) * channels..][..row.len()].copy_from_slice(row);
    }
    Image::new(to.width, to.height, channels, pixels).ok_or(ImageError::NoPicture)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extent(width: usize, height: usize) -> Extent {
        Extent { width, height }
    }

    #[test]
    fn sizes_come_out_as_asked() {
        let image = Image::new(8, 4, 3, vec![100; 96]).expect("8 x 4");
        let cases = [
            (Size::Resize(extent(3, 5)), (3, 5)),
            (Size::Pad(extent(3, 9)), (3, 9)),
            (Size::Fit(extent(5, 5)), (5, 5)),
            (Size::Height(2), (4, 2)),
            (Size::Height(40), (80, 40)),
        ];
        let filters = [Resampling::Lanczos, Resampling::Bilinear, Resampling::Bicubic];
        for ((size, expected), resampling) in
            cases.into_iter().flat_map(|case| filters.map(|filter| (case, filter)))
        {
            let sized = size.apply(&image, resampling, &[100; 3]).expect("small");
            assert_eq!((sized.width(), sized.height()), expected, "{size:?}");
            assert!(sized.pixels().iter().all(|&value| value == 100), "{size:?}: even stays even");
        }
    }

    #[test]
    fn padding_keeps_the_middle() {
        let image = Image::new(3, 2, 1, vec![1, 2, 3, 4, 5, 6]).expect("3 x 2");
        let padded = Size::Pad(extent(1, 4)).apply(&image, Resampling::Lanczos, &[9]).expect("small");
        assert_eq!(padded.pixels(), [9, 2, 5, 9]);
        let fitted = Size::Fit(extent(3, 4)).apply(&image, Resampling::Lanczos, &[9]).expect("small");
        assert_eq!(fitted.pixels(), [9, 9, 9, 1, 2, 3, 4, 5, 6, 9, 9, 9]);
    }

    #[test]
    fn a_thin_line_cannot_grow_without_bound() {
        let line = Image::new(1 << 16, 1, 1, vec![0; 1 << 16]).expect("one row");
        let narrow = Size::Resize(extent(1, 4096));
        for (size, resampling) in [
            (Size::Height(4096), Resampling::Lanczos),
            (narrow, Resampling::Lanczos),
            (Size::Height(4096), Resampling::Bicubic),
        ] {
            let error = size.apply(&line, resampling, &[255]).expect_err("too wide");
            assert!(matches!(error, ImageError::TooLarge { .. }), "{error}");
        }
    }
}
