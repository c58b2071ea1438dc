//! Metrics of signals against their references: mean absolute error, log-spectral distance, and dynamic time warping.
//!
//! All three are distances: 0 for equal signals, and smaller is better. The mean absolute error compares sample with
//! sample, so a wave that is right and a little late pays twice, for its own peaks and for the reference's, and an output
//! that stays flat pays once. The other two are for that: the spectral distance does not look at phases, and dynamic time
//! warping lets time run unevenly. `tests/golden/signal` holds what numpy, scipy and librosa compute, and the script.

mod absolute_error;
mod dynamic_time_warping;
mod mel_cepstrum;
mod short_time;
mod spectral_distance;
mod warping;

pub use dynamic_time_warping::DynamicTimeWarping;
pub use spectral_distance::SpectralDistance;

use any2any_adapter::Signal;

use crate::mean::mean_score;
use crate::metric::check_lengths;
use crate::{Bootstrap, MetricsError, Score};

/// A metric of signals; smaller is better.
pub trait SignalMetric {
    /// The name that is printed before the score.
    fn name(&self) -> &'static str;

    /// The figure of one signal; both have as many channels and the same rate, but not always the same length.
    fn figure(&self, hypothesis: &Signal, reference: &Signal) -> f64;
}

/// The score of all signals together: the mean of the figures of each, with a 95 % interval if a bootstrap is given.
///
/// # Errors
///
/// When there is nothing to score, numbers of signals differ, a signal differs from its reference in the number of its
/// channels or by more than 1 % in its rate, or the bootstrap has fewer than 2 resamples.
pub fn signal_score(
    metric: &dyn SignalMetric,
    hypotheses: &[&Signal],
    references: &[&Signal],
    bootstrap: Option<&Bootstrap>,
) -> Result<Score, MetricsError> {
    check_lengths(hypotheses.len(), std::iter::once(references.len()))?;
    let pairs = hypotheses.iter().zip(references).enumerate();
    let figure = |(number, (hypothesis, reference)): (usize, (&&Signal, &&Signal))| {
        if !comparable(hypothesis, reference) {
            return Err(MetricsError::Shapes {
                number: number + 1,
                hypothesis: hypothesis.to_string(),
                reference: reference.to_string(),
            });
        }
        Ok(metric.figure(hypothesis, reference))
    };
    let figures = pairs.map(figure).collect::<Result<Vec<_>, _>>()?;
    mean_score(metric.name(), &figures, "signal", bootstrap)
}

/// The largest share by which the rates of signals that are compared may differ: clocks of recorders are a little off.
const RATES: f64 = 0.01;

fn comparable(hypothesis: &Signal, reference: &Signal) -> bool {
    let rates = (hypothesis.rate() - reference.rate()).abs() <= RATES * reference.rate();
    rates && hypothesis.channels().len() == reference.channels().len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MeanAbsoluteError;

    const METRICS: [&dyn SignalMetric; 3] = [&MeanAbsoluteError, &SpectralDistance, &DynamicTimeWarping];

    fn mono(rate: f64, samples: &[f32]) -> Signal {
        Signal::mono(rate, samples.to_vec()).expect("one channel")
    }

    #[test]
    fn signals_that_do_not_belong_together_are_named() {
        let one = mono(8.0, &[2.0, 2.0]);
        let faster = mono(16.0, &[2.0, 2.0]);
        let names = ["left".to_owned(), "right".to_owned()];
        let two = Signal::new(8.0, names, vec![0.0; 4]).expect("two channels");
        let cases: [(&[&Signal], &[&Signal], &str); 4] = [
            (&[], &[], "nothing to score"),
            (&[&one], &[&one, &one], "1 hypotheses but 2 references"),
            (&[&two], &[&one], "sample 1: the 0.25 s of 2 channels at 8 Hz, has a reference"),
            (&[&one, &faster], &[&one, &one], "sample 2: the 0.12 s of 1 channel at 16 Hz, has a reference"),
        ];
        for (hypotheses, references, expected) in cases {
            for metric in METRICS {
                let error = signal_score(metric, hypotheses, references, None).expect_err(expected);
                assert!(error.to_string().starts_with(expected), "{}: {error}", metric.name());
            }
        }
        let off = mono(8.01, &[2.0, 2.0]);
        assert!(METRICS.iter().all(|metric| signal_score(*metric, &[&off], &[&one], None).is_ok()));
    }

    #[test]
    fn an_interval_surrounds_the_mean() {
        let reference = mono(8.0, &[0.0, 1.0, 0.0, 1.0]);
        let outputs: Vec<Signal> = (0..40).map(|level| mono(8.0, &[level as f32, 1.0, 0.0, 1.0])).collect();
        let (outputs, references): (Vec<_>, Vec<_>) =
            outputs.iter().map(|output| (output, &reference)).unzip();
        for metric in METRICS {
            let bootstrap = Bootstrap::default();
            let score = signal_score(metric, &outputs, &references, Some(&bootstrap)).expect("40 pairs");
            let interval = score.interval.expect("an interval was asked for");
            assert!(interval.low < score.value && score.value < interval.high, "{}", metric.name());
            let too_few = Bootstrap { samples: 1, seed: 1 };
            let error = signal_score(metric, &outputs, &references, Some(&too_few));
            assert_eq!(error, Err(MetricsError::Samples { samples: 1 }));
        }
    }
}
