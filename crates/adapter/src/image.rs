//! Pictures as rows of pixels.

use std::fmt;
use std::sync::Arc;

/// A picture of 8-bit pixels, grey or red, green and blue. Cloning shares the pixels.
///
/// ```
/// use any2any_adapter::Image;
///
/// let flag = Image::new(1, 3, 3, [[0, 85, 164], [255, 255, 255], [239, 65, 53]].concat());
/// let flag = flag.expect("three pixels of red, green and blue");
/// assert_eq!(flag.to_string(), "colour picture, 1 x 3");
/// // A pixel is missing.
/// assert!(Image::new(1, 3, 3, vec![0; 6]).is_none());
/// ```
///
/// # Shapes
///
/// - pixels: `[height, width, channels]`, row-major, 0 black to 255 white
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    width: usize,
    height: usize,
    channels: usize,
    pixels: Arc<[u8]>,
}

impl Image {
    /// A picture from its pixels.
    ///
    /// Returns `None` when a side is 0, the channels are not 1 or 3, or the pixels are not as many as that.
    pub fn new(width: usize, height: usize, channels: usize, pixels: impl Into<Arc<[u8]>>) -> Option<Self> {
        let pixels = pixels.into();
        let sound = width > 0 && height > 0 && (channels == 1 || channels == 3);
        (sound && pixels.len() == width * height * channels).then_some(Self {
            width,
            height,
            channels,
            pixels,
        })
    }

    /// Pixels from left to right.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Pixels from top to bottom.
    pub fn height(&self) -> usize {
        self.height
    }

    /// 1 for grey, 3 for red, green and blue.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// All pixels, row after row.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let colour = if self.channels == 1 { "grey" } else { "colour" };
        write!(f, "{colour} picture, {} x {}", self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_fill_the_picture() {
        let image = Image::new(3, 2, 1, vec![0; 6]).expect("six grey pixels");
        assert_eq!((image.width(), image.height(), image.channels()), (3, 2, 1));
        assert_eq!(image.to_string(), "grey picture, 3 x 2");
        assert!(Image::new(3, 2, 3, vec![0; 6]).is_none());
        assert!(Image::new(3, 1, 2, vec![0; 6]).is_none());
        assert!(Image::new(0, 2, 1, vec![]).is_none());
    }
}
