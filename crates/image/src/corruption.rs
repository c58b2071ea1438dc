//! Disturbances that a model learns to undo: a denoising task needs one file instead of two.
//!
//! A picture decides about its own disturbance: the same picture is disturbed in the same way whenever it is
//! opened, and two pictures in two ways.

use any2any_adapter::{Image, Random, Seed};
use image::imageops::{FilterType, resize};
use image::{ImageBuffer, Luma, Pixel, Rgb};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::raster::{level, unit};

/// A disturbance of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Corruption {
    /// Noise of the normal distribution on every value, as sensors have it.
    Gaussian(Gaussian),
    /// Some pixels become black or white.
    SaltAndPepper(SaltAndPepper),
    /// Details are lost: the picture is shrunk and enlarged again.
    Downscale(Downscale),
}

/// Noise of the normal distribution.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Gaussian {
    /// The deviation, as a share of the way from black to white.
    #[schemars(range(min = 0.0, max = 2.0))]
    pub deviation: f64,
}

impl Default for Gaussian {
    fn default() -> Self {
        Self { deviation: 0.3 }
    }
}

/// Pixels that become black or white, each as often.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SaltAndPepper {
    /// The share of pixels.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share: f64,
}

impl Default for SaltAndPepper {
    fn default() -> Self {
        Self { share: 0.2 }
    }
}

/// A picture shrunk and enlarged again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Downscale {
    /// Divisor of the sides.
    #[schemars(range(min = 2, max = 64))]
    pub factor: usize,
}

impl Default for Downscale {
    fn default() -> Self {
        Self { factor: 2 }
    }
}

impl Corruption {
    /// The picture, disturbed.
    pub(crate) fn apply(self, image: &Image) -> Option<Image> {
        let mut random = Seed(hash(image)).random("corrupt", 0);
        match self {
            Self::Gaussian(options) => gaussian(image, options, &mut random),
            Self::SaltAndPepper(options) => salt_and_pepper(image, options, &mut random),
            Self::Downscale(options) if image.channels() == 1 => downscale::<Luma<u8>>(image, options),
            Self::Downscale(options) => downscale::<Rgb<u8>>(image, options),
        }
    }
}

/// FNV-1a of 64 bits (Fowler, Noll and Vo) over size and pixels.
fn hash(image: &Image) -> u64 {
    let sides = [image.width() as u64, image.height() as u64].map(u64::to_le_bytes);
    let bytes = sides.iter().flatten().chain(image.pixels());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

fn like(image: &Image, pixels: Vec<u8>) -> Option<Image> {
    Image::new(image.width(), image.height(), image.channels(), pixels)
}

fn gaussian(image: &Image, options: Gaussian, random: &mut Random) -> Option<Image> {
    let disturb = |&pixel: &u8| level(unit(pixel) + (options.deviation * random.normal()) as f32);
    like(image, image.pixels().iter().map(disturb).collect())
}

fn salt_and_pepper(image: &Image, options: SaltAndPepper, random: &mut Random) -> Option<Image> {
    let mut pixels = image.pixels().to_vec();
    for pixel in pixels.chunks_exact_mut(image.channels()) {
        if random.unit() < options.share {
            pixel.fill(if random.unit() < 0.5 { 0 } else { 255 });
        }
    }
    like(image, pixels)
}

fn downscale<P: Pixel<Subpixel = u8> + 'static>(image: &Image, options: Downscale) -> Option<Image> {
    let (width, height) = (image.width() as u32, image.height() as u32);
    let buffer = ImageBuffer::<P, &[u8]>::from_raw(width, height, image.pixels())?;
    let shrunk = |side: u32| side.div_ceil(options.factor.max(1) as u32).max(1);
    let small = resize(&buffer, shrunk(width), shrunk(height), FilterType::Triangle);
    like(image, resize(&small, width, height, FilterType::CatmullRom).into_raw())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(level: u8) -> Image {
        Image::new(100, 100, 1, vec![level; 10_000]).expect("100 x 100")
    }

    #[test]
    fn noise_has_the_deviation_that_was_asked_for() {
        let noisy = Corruption::Gaussian(Gaussian { deviation: 0.1 }).apply(&grey(128)).expect("a picture");
        let squares: f64 = noisy.pixels().iter().map(|&pixel| (f64::from(pixel) - 128.0).powi(2)).sum();
        let deviation = (squares / 10_000.0).sqrt() / 255.0;
        assert!((deviation - 0.1).abs() < 0.003, "{deviation}");
    }

    #[test]
    fn the_same_picture_is_disturbed_in_the_same_way() {
        for corruption in
            [Corruption::Gaussian(Gaussian::default()), Corruption::SaltAndPepper(SaltAndPepper::default())]
        {
            assert_eq!(corruption.apply(&grey(100)), corruption.apply(&grey(100)));
            let difference = |level: u8| {
                let noisy = corruption.apply(&grey(level)).expect("a picture");
                noisy.pixels().iter().map(|&pixel| pixel == level).collect::<Vec<_>>()
            };
            assert_ne!(difference(100), difference(101), "{corruption:?}");
        }
    }

    #[test]
    fn salt_and_pepper_hits_its_share() {
        let hit =
            Corruption::SaltAndPepper(SaltAndPepper { share: 0.2 }).apply(&grey(128)).expect("a picture");
        let (black, white) = hit.pixels().iter().fold((0, 0), |(black, white), pixel| match pixel {
            0 => (black + 1, white),
            255 => (black, white + 1),
            _ => (black, white),
        });
        assert!((900..1100).contains(&black) && (900..1100).contains(&white), "{black} {white}");
    }

    #[test]
    fn details_are_lost_and_the_size_is_kept() {
        let stripes =
            Image::new(9, 6, 3, (0..9 * 6 * 3).map(|n| (n / 3 % 2 * 255) as u8).collect::<Vec<_>>());
        let stripes = stripes.expect("9 x 6");
        let soft = Corruption::Downscale(Downscale { factor: 3 }).apply(&stripes).expect("a picture");
        assert_eq!((soft.width(), soft.height(), soft.channels()), (9, 6, 3));
        assert!(soft.pixels().iter().all(|&pixel| (40..215).contains(&pixel)), "{:?}", soft.pixels());
    }
}
