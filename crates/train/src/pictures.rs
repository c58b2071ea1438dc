//! Scores of what is not text: pictures and signals.

use any2any_adapter::{Image, Signal, Value};
use any2any_experiment::spec::Metric;
use any2any_metrics as metrics;
use any2any_metrics::Score;

use crate::error::TrainError;

/// A metric of pictures, or of signals.
pub(crate) fn score(
    metric: Metric,
    hypotheses: &[&Value],
    references: &[&Value],
) -> Result<Score, TrainError> {
    if let (Some(hypotheses), Some(references)) = (signals(hypotheses), signals(references)) {
        return match metric {
            Metric::MeanAbsoluteError => Ok(metrics::signal_error(&hypotheses, &references)?),
            _ => Err(TrainError::Unsupported(format!("{metric:?} scores pictures, and these are signals"))),
        };
    }
    let (Some(hypotheses), Some(references)) = (images(hypotheses), images(references)) else {
        return Err(TrainError::Unsupported(format!("{metric:?} scores pictures or signals, not texts")));
    };
    Ok(match metric {
        Metric::Psnr => metrics::psnr(&hypotheses, &references)?,
        Metric::Ssim => metrics::ssim(&hypotheses, &references)?,
        _ => metrics::mean_absolute_error(&hypotheses, &references)?,
    })
}

fn images<'a>(values: &[&'a Value]) -> Option<Vec<&'a Image>> {
    values.iter().map(|value| value.as_image()).collect()
}

fn signals<'a>(values: &[&'a Value]) -> Option<Vec<&'a Signal>> {
    values.iter().map(|value| value.as_signal()).collect()
}
