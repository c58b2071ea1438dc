//! Peak signal-to-noise ratio of pictures, in decibels.

use any2any_adapter::Image;

use super::{ImageMetric, image_score};
use crate::{MetricsError, Score};

/// The peak signal-to-noise ratio of 8-bit pictures, `10 · log10(255² / mean squared error)`, in decibels.
///
/// No picture counts for more than 100 decibels: equal ones would count for infinitely many, and one of them
/// would drown all others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Psnr;

const PEAK: f64 = 255.0;
/// Largest figure of one picture, in decibels: one level of one pixel in a picture of 256 x 256 is 96.
const MOST: f64 = 100.0;

/// The mean peak signal-to-noise ratio of pictures, in decibels, each counting for 100 at most.
///
/// # Errors
///
/// As [`image_score`].
pub fn psnr(hypotheses: &[&Image], references: &[&Image]) -> Result<Score, MetricsError> {
    image_score(&Psnr, hypotheses, references, None)
}

impl ImageMetric for Psnr {
    fn name(&self) -> &'static str {
        "PSNR"
    }

    fn figure(&self, hypothesis: &Image, reference: &Image) -> f64 {
        let pairs = hypothesis.pixels().iter().zip(reference.pixels());
        let squares: u64 = pairs.map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2)).sum();
        let error = squares as f64 / hypothesis.pixels().len() as f64;
        (10.0 * (PEAK * PEAK / error).log10()).min(MOST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_worked_by_hand() {
        let grey = |pixels: [u8; 4]| Image::new(2, 2, 1, pixels).expect("four pixels");
        let zero = grey([0; 4]);
        let cases = [
            ([0, 0, 0, 0], 100.0),
            ([255, 255, 255, 255], 0.0),
            // A mean squared error of 100: 20 · log10(25.5).
            ([10, 10, 10, 10], 28.130_803_608_679_1),
            ([20, 0, 0, 0], 28.130_803_608_679_1),
        ];
        for (pixels, expected) in cases {
            let score = psnr(&[&grey(pixels)], &[&zero]).expect("one pair");
            assert!((score.value - expected).abs() < 1e-9, "{pixels:?}: {score}");
        }
    }
}
