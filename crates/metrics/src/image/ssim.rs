//! Structural similarity (Wang, Bovik, Sheikh and Simoncelli, "Image Quality Assessment: From Error
//! Visibility to Structural Similarity", 2004).

use any2any_adapter::Image;

use super::{ImageMetric, image_score};
use crate::{MetricsError, Score};

/// Structural similarity, from -1 to 1 for equal pictures: the mean over all places of a window, and over the
/// channels.
///
/// The window is a bell of 11 x 11 pixels with a deviation of 1.5. Where a picture has less room, it is even,
/// and of the largest odd side that fits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ssim;

const WINDOW: usize = 11;
const DEVIATION: f64 = 1.5;
/// `(K · 255)²`, which keep the quotients of dark and of even pictures steady.
const C_1: f64 = (0.01 * 255.0) * (0.01 * 255.0);
const C_2: f64 = (0.03 * 255.0) * (0.03 * 255.0);

/// The mean structural similarity of pictures.
///
/// # Errors
///
/// As [`image_score`].
pub fn ssim(hypotheses: &[&Image], references: &[&Image]) -> Result<Score, MetricsError> {
    image_score(&Ssim, hypotheses, references, None)
}

impl ImageMetric for Ssim {
    fn name(&self) -> &'static str {
        "SSIM"
    }

    fn figure(&self, hypothesis: &Image, reference: &Image) -> f64 {
        let (width, height, channels) = (hypothesis.width(), hypothesis.height(), hypothesis.channels());
        let window = window(width.min(height));
        let plane = |image: &Image, channel: usize| -> Vec<f64> {
            image.pixels().iter().skip(channel).step_by(channels).map(|&pixel| f64::from(pixel)).collect()
        };
        let similarity = |channel: usize| {
            of_planes(&plane(hypothesis, channel), &plane(reference, channel), width, &window)
        };
        (0..channels).map(similarity).sum::<f64>() / channels as f64
    }
}

/// The weights of the window along each axis, for a picture with this shorter side.
fn window(side: usize) -> Vec<f64> {
    if side < WINDOW {
        let fits = side - (side + 1) % 2;
        return vec![1.0 / fits as f64; fits];
    }
    let weight = |place: usize| {
        let distance = place as f64 - (WINDOW / 2) as f64;
        (-0.5 * (distance / DEVIATION).powi(2)).exp()
    };
    let weights: Vec<f64> = (0..WINDOW).map(weight).collect();
    let total: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / total).collect()
}

/// The mean over all places at which the whole window lies inside.
///
/// # Shapes
///
/// - planes: `[height, width]`, row-major
fn of_planes(a: &[f64], b: &[f64], width: usize, window: &[f64]) -> f64 {
    let mean = |values: Vec<f64>| filtered(&values, width, window);
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).collect();
    let (mean_a, mean_b) = (mean(a.to_vec()), mean(b.to_vec()));
    let (square_a, square_b, both) = (mean(product(a, a)), mean(product(b, b)), mean(product(a, b)));
    let similarity = |place: usize| {
        let (a, b) = (mean_a[place], mean_b[place]);
        let (variance_a, variance_b) = (square_a[place] - a * a, square_b[place] - b * b);
        let covariance = both[place] - a * b;
        (2.0 * a * b + C_1) * (2.0 * covariance + C_2)
            / ((a * a + b * b + C_1) * (variance_a + variance_b + C_2))
    };
    (0..mean_a.len()).map(similarity).sum::<f64>() / mean_a.len() as f64
}

/// The weighted means of all windows inside a plane.
fn filtered(plane: &[f64], width: usize, window: &[f64]) -> Vec<f64> {
    let inner = width + 1 - window.len();
    let mut rows = Vec::with_capacity(plane.len() / width * inner);
    for row in plane.chunks_exact(width) {
        let mean =
            |values: &[f64]| values.iter().zip(window).map(|(value, weight)| value * weight).sum::<f64>();
        rows.extend(row.windows(window.len()).map(mean));
    }
    let height = rows.len() / inner + 1 - window.len();
    let mut means = vec![0.0; height * inner];
    for (y, means) in means.chunks_exact_mut(inner).enumerate() {
        for (offset, weight) in window.iter().enumerate() {
            let row = &rows[(y + offset) * inner..][..inner];
            means.iter_mut().zip(row).for_each(|(mean, value)| *mean += weight * value);
        }
    }
    means
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_pictures_are_1_and_even_ones_differ_in_light_alone() {
        let even =
            |level: u8, side: usize| Image::new(side, side, 1, vec![level; side * side]).expect("pixels");
        for side in [1, 2, 3, 10, 11, 12, 30] {
            let (dark, light) = (even(50, side), even(200, side));
            let score = ssim(&[&dark], &[&dark]).expect("one pair");
            assert!((score.value - 1.0).abs() < 1e-9, "{side}: {score}");
            let expected = (2.0 * 50.0 * 200.0 + C_1) / (50.0 * 50.0 + 200.0 * 200.0 + C_1);
            let score = ssim(&[&dark], &[&light]).expect("one pair");
            assert!((score.value - expected).abs() < 1e-9, "{side}: {score}");
        }
    }

    #[test]
    fn windows_have_the_weight_of_1_and_an_odd_side() {
        for (side, expected) in [(1, 1), (2, 1), (3, 3), (10, 9), (11, 11), (500, 11)] {
            let window = window(side);
            assert_eq!(window.len(), expected);
            assert!((window.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }
}
