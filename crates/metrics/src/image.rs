//! Metrics of pictures against their references: PSNR, SSIM, and the mean absolute error.
//!
//! Every figure is the mean over pictures of scikit-image's figure for one picture; `tests/golden/image` holds its
//! results, and the script that computed them.

mod absolute_error;
mod psnr;
mod ssim;

pub use absolute_error::{MeanAbsoluteError, mean_absolute_error};
pub use psnr::{Psnr, psnr};
pub use ssim::{Ssim, ssim};

use any2any_adapter::Image;

use crate::mean::mean_score;
use crate::metric::check_lengths;
use crate::{Bootstrap, MetricsError, Score};

/// A metric of pictures.
pub trait ImageMetric {
    /// The name that is printed before the score.
    fn name(&self) -> &'static str;

    /// The figure of one picture; both have the same width, height and channels.
    fn figure(&self, hypothesis: &Image, reference: &Image) -> f64;
}

/// The score of all pictures together: the mean of the figures of each, with a 95 % interval if a bootstrap is given.
///
/// # Errors
///
/// When there is nothing to score, numbers of pictures differ, a picture differs from its reference in width, height or
/// channels, or the bootstrap has fewer than 2 resamples.
pub fn image_score(
    metric: &dyn ImageMetric,
    hypotheses: &[&Image],
    references: &[&Image],
    bootstrap: Option<&Bootstrap>,
) -> Result<Score, MetricsError> {
    check_lengths(hypotheses.len(), std::iter::once(references.len()))?;
    let shape = |image: &Image| (image.width(), image.height(), image.channels());
    let pairs = hypotheses.iter().zip(references).enumerate();
    let figure = |(number, (hypothesis, reference)): (usize, (&&Image, &&Image))| {
        if shape(hypothesis) != shape(reference) {
            return Err(MetricsError::Shapes {
                number: number + 1,
                hypothesis: hypothesis.to_string(),
                reference: reference.to_string(),
            });
        }
        Ok(metric.figure(hypothesis, reference))
    };
    let figures = pairs.map(figure).collect::<Result<Vec<_>, _>>()?;
    mean_score(metric.name(), &figures, "picture", bootstrap)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(width: usize, height: usize, level: u8) -> Image {
        Image::new(width, height, 1, vec![level; width * height]).expect("pixels")
    }

    #[test]
    fn scores_are_means_over_pictures() {
        let (small, large) = (grey(2, 2, 10), grey(20, 20, 10));
        let (near, far) = (grey(2, 2, 11), grey(20, 20, 13));
        let score = mean_absolute_error(&[&small, &large], &[&near, &far]).expect("two pairs");
        assert_eq!(score.to_string(), "MAE = 2.00 (2 pictures)");
        let bootstrap = Bootstrap::default();
        let score = image_score(&MeanAbsoluteError, &[&small, &large], &[&near, &far], Some(&bootstrap));
        let interval = score.expect("two pairs").interval.expect("an interval was asked for");
        assert_eq!((interval.low, interval.high), (1.0, 3.0));
    }

    #[test]
    fn pictures_that_do_not_belong_together_are_named() {
        let (small, large) = (grey(2, 2, 10), grey(20, 20, 10));
        let colour = Image::new(2, 2, 3, vec![0; 12]).expect("pixels");
        let cases: [(&[&Image], &[&Image], &str); 4] = [
            (&[], &[], "nothing to score"),
            (&[&small], &[&small, &small], "1 hypotheses but 2 references"),
            (&[&small, &large], &[&small, &small], "sample 2: the grey picture, 20 x 20, has a reference of"),
            (&[&small], &[&colour], "sample 1: the grey picture, 2 x 2, has a reference of another shape"),
        ];
        for (hypotheses, references, expected) in cases {
            for metric in [&Psnr as &dyn ImageMetric, &Ssim, &MeanAbsoluteError] {
                let error = image_score(metric, hypotheses, references, None).expect_err(expected);
                assert!(error.to_string().starts_with(expected), "{error}");
            }
        }
    }
}
