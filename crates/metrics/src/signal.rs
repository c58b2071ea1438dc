//! Metric of signals against their references: the mean absolute error.

use any2any_adapter::Signal;

use crate::metric::check_lengths;
use crate::{MetricsError, Score};

/// The mean absolute error of signals, in their unit: the mean over signals of the mean over all samples of all
/// channels. Samples of one signal beyond the end of the other are compared with 0.
///
/// # Errors
///
/// When there is nothing to score, numbers of signals differ, or a signal differs from its reference in its
/// channels.
pub fn signal_error(hypotheses: &[&Signal], references: &[&Signal]) -> Result<Score, MetricsError> {
    check_lengths(hypotheses.len(), std::iter::once(references.len()))?;
    let mut sum = 0.0;
    for (number, (hypothesis, reference)) in hypotheses.iter().zip(references).enumerate() {
        if hypothesis.channels().len() != reference.channels().len() {
            return Err(MetricsError::Shapes {
                number: number + 1,
                hypothesis: hypothesis.to_string(),
                reference: reference.to_string(),
            });
        }
        sum += error(hypothesis, reference);
    }
    let score = Score::new("MAE", sum / hypotheses.len() as f64);
    Ok(score.with_detail(format!("({} signals)", hypotheses.len())))
}

fn error(hypothesis: &Signal, reference: &Signal) -> f64 {
    let longest = hypothesis.len().max(reference.len());
    let at = |channel: &[f32], place: usize| f64::from(channel.get(place).copied().unwrap_or_default());
    let channel = |number: usize| -> f64 {
        let (a, b) = (hypothesis.channel(number), reference.channel(number));
        (0..longest).map(|place| (at(a, place) - at(b, place)).abs()).sum()
    };
    let channels = hypothesis.channels().len();
    (0..channels).map(channel).sum::<f64>() / (channels * longest).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_counts_as_silence() {
        let signal = |samples: &[f32]| Signal::mono(8.0, samples.to_vec()).expect("one channel");
        let (a, b) = (signal(&[1.0, 2.0, 3.0, 4.0]), signal(&[2.0, 2.0]));
        let score = signal_error(&[&a, &b], &[&b, &b]).expect("two pairs");
        assert_eq!(score.to_string(), "MAE = 1.00 (2 signals)");
        let names = ["left".to_owned(), "right".to_owned()];
        let two = Signal::new(8.0, names, vec![0.0; 4]).expect("two channels");
        let error = signal_error(&[&two], &[&b]).expect_err("another shape").to_string();
        assert!(error.starts_with("sample 1: the 0.25 s of 2 channels at 8 Hz, has a reference"), "{error}");
    }
}
