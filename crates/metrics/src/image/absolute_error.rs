//! Mean absolute error of pixels, in levels from 0 to 255.

use any2any_adapter::Image;

use super::{ImageMetric, image_score};
use crate::{MetricsError, Score};

/// The mean absolute difference of values, in levels from 0 to 255.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MeanAbsoluteError;

/// The mean absolute difference of pictures, in levels from 0 to 255.
///
/// # Errors
///
/// As [`image_score`].
pub fn mean_absolute_error(hypotheses: &[&Image], references: &[&Image]) -> Result<Score, MetricsError> {
    image_score(&MeanAbsoluteError, hypotheses, references, None)
}

impl ImageMetric for MeanAbsoluteError {
    fn name(&self) -> &'static str {
        "MAE"
    }

    fn figure(&self, hypothesis: &Image, reference: &Image) -> f64 {
        let pairs = hypothesis.pixels().iter().zip(reference.pixels());
        let total: u64 = pairs.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        total as f64 / hypothesis.pixels().len() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_count_in_both_directions() {
        let one = Image::new(1, 1, 3, [10, 20, 30]).expect("one pixel");
        let other = Image::new(1, 1, 3, [13, 20, 21]).expect("one pixel");
        let score = mean_absolute_error(&[&one], &[&other]).expect("one pair");
        assert_eq!(score.to_string(), "MAE = 4.00 (1 picture)");
    }
}
