//! A picture as numbers from 0, black, to 1, white, from which patches are cut and on which augmentation works.

use any2any_adapter::Image;

/// A picture as numbers from 0, black, to 1, white.
///
/// # Shapes
///
/// - values: `[height, width, channels]`, row-major
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Raster {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) channels: usize,
    pub(crate) values: Vec<f32>,
}

impl From<&Image> for Raster {
    fn from(image: &Image) -> Self {
        Self {
            width: image.width(),
            height: image.height(),
            channels: image.channels(),
            values: image.pixels().iter().map(|&pixel| unit(pixel)).collect(),
        }
    }
}

impl Raster {
    /// The values of a picture of this size, all of one colour.
    pub(crate) fn blank(&self, background: &[f32]) -> Vec<f32> {
        background.repeat(self.width * self.height)
    }
}

/// A level of a pixel as a number.
pub(crate) fn unit(level: u8) -> f32 {
    f32::from(level) / 255.0
}

/// A number as the nearest level of a pixel.
pub(crate) fn level(unit: f32) -> u8 {
    // The cast saturates, and takes what is not a number as 0.
    (unit * 255.0).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_become_numbers_and_levels_again() {
        for pixel in 0..=255 {
            assert_eq!(level(unit(pixel)), pixel);
        }
        assert_eq!([-1.0, 2.0, f32::NAN].map(level), [0, 255, 0]);
    }
}
