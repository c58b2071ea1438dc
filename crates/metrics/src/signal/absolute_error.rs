//! Mean absolute error of signals, in their unit.

use any2any_adapter::Signal;

use super::SignalMetric;
use crate::MeanAbsoluteError;

/// The mean over all samples of all channels. Samples of one signal beyond the end of the other are compared with 0.
impl SignalMetric for MeanAbsoluteError {
    fn name(&self) -> &'static str {
        "MAE"
    }

    fn figure(&self, hypothesis: &Signal, reference: &Signal) -> f64 {
        let longest = hypothesis.len().max(reference.len());
        let at = |channel: &[f32], place: usize| f64::from(channel.get(place).copied().unwrap_or_default());
        let channel = |number: usize| -> f64 {
            let (a, b) = (hypothesis.channel(number), reference.channel(number));
            (0..longest).map(|place| (at(a, place) - at(b, place)).abs()).sum()
        };
        let channels = hypothesis.channels().len();
        (0..channels).map(channel).sum::<f64>() / (channels * longest).max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal_score;

    #[test]
    fn what_is_missing_counts_as_silence() {
        let signal = |samples: &[f32]| Signal::mono(8.0, samples.to_vec()).expect("one channel");
        let (a, b) = (signal(&[1.0, 2.0, 3.0, 4.0]), signal(&[2.0, 2.0]));
        let score = signal_score(&MeanAbsoluteError, &[&a, &b], &[&b, &b], None).expect("two pairs");
        assert_eq!(score.to_string(), "MAE = 1.00 (2 signals)");
    }
}
