//! Scores of pictures and signals.

use any2any_adapter::{Image, Signal, Value};
use any2any_experiment::spec::Metric;
use any2any_metrics as metrics;
use any2any_metrics::{Bootstrap, ImageMetric, Score, SignalMetric};

use crate::error::TranslateError;

/// The score of pictures or signals by a metric, with its interval if a bootstrap is given.
pub(crate) fn score(
    metric: &Metric,
    hypotheses: &[&Value],
    references: &[&Value],
    bootstrap: Option<&Bootstrap>,
) -> Result<Score, TranslateError> {
    if let (Some(hypotheses), Some(references), Some(metric)) =
        (signals(hypotheses), signals(references), signal_metric(metric))
    {
        return Ok(metrics::signal_score(metric, &hypotheses, &references, bootstrap)?);
    }
    match (images(hypotheses), images(references), image_metric(metric)) {
        (Some(hypotheses), Some(references), Some(metric)) => {
            Ok(metrics::image_score(metric, &hypotheses, &references, bootstrap)?)
        }
        _ => Err(TranslateError::Unsupported(format!("{metric:?} does not score what this task writes"))),
    }
}

fn image_metric(metric: &Metric) -> Option<&'static dyn ImageMetric> {
    match metric {
        Metric::Psnr => Some(&metrics::Psnr),
        Metric::Ssim => Some(&metrics::Ssim),
        Metric::MeanAbsoluteError => Some(&metrics::MeanAbsoluteError),
        _ => None,
    }
}

fn signal_metric(metric: &Metric) -> Option<&'static dyn SignalMetric> {
    match metric {
        Metric::MeanAbsoluteError => Some(&metrics::MeanAbsoluteError),
        Metric::SpectralDistance => Some(&metrics::SpectralDistance),
        Metric::DynamicTimeWarping => Some(&metrics::DynamicTimeWarping),
        _ => None,
    }
}

fn images<'a>(values: &[&'a Value]) -> Option<Vec<&'a Image>> {
    values.iter().map(|value| value.as_image()).collect()
}

fn signals<'a>(values: &[&'a Value]) -> Option<Vec<&'a Signal>> {
    values.iter().map(|value| value.as_signal()).collect()
}
