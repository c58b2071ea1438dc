//! Dynamic time warping distance of signals: how far two signals are apart where time may run unevenly.

use any2any_adapter::Signal;

use super::SignalMetric;
use super::mel_cepstrum::mel_cepstra;
use super::short_time::is_sound;
use super::warping::{Features, warped_distance};

/// The distance along the best path of dynamic time warping (Sakoe and Chiba 1978).
///
/// With the frames `x` of the hypothesis and `y` of the reference, `n` and `m` of them, and steps of weight 1 along one
/// and 2 along both,
///
/// ```text
/// min over paths of  sum over the path's steps of weight * |x[i] - y[j]|  /  (n + m)
/// ```
///
/// - **Sounds** (from 4,000 Hz on) are compared by 13 mel cepstral coefficients of the windows of
///   [`SpectralDistance`](super::SpectralDistance), the first of them the loudness, in decibels: the root mean square of
///   how far two smooth spectra of 24 bands differ. It is the mel cepstral distortion of speech synthesis (Kubichek 1993)
///   but for its factor, and for the loudness, without which silence would be a spectrum like another. Energies are not
///   told apart below 60 dB under the reference's highest.
/// - **Slower signals**, such as EEG, are compared sample by sample, in their unit: `|x - y|` is the root mean square over
///   channels, which all run in one time. What lies between two samples cannot be caught up with, so a steep wave that is
///   late by a fraction of a sample pays for its slope.
/// - Paths may leave the straight line by a fifth of the shorter signal, at most 256 frames: 2 s of a sound at 8,000 Hz,
///   1 s of an EEG at 256 Hz. So the time grows with the length alone, not with its square.
/// - A signal without samples counts as one frame of silence.
///
/// A length that differs costs nothing where time has only been stretched; the spectral distance counts it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DynamicTimeWarping;

impl SignalMetric for DynamicTimeWarping {
    fn name(&self) -> &'static str {
        "DTW"
    }

    fn figure(&self, hypothesis: &Signal, reference: &Signal) -> f64 {
        let [hypothesis, reference] = if is_sound(reference) {
            mel_cepstra(hypothesis, reference)
        } else {
            [amplitudes(hypothesis), amplitudes(reference)]
        };
        warped_distance(&hypothesis, &reference)
    }
}

/// The samples of all channels, over the root of their number, so that Euclid's distance is a root mean square.
fn amplitudes(signal: &Signal) -> Features {
    let width = signal.channels().len();
    let scale = (width as f64).sqrt();
    let frame = |at: usize| (0..width).map(move |channel| f64::from(signal.channel(channel)[at]) / scale);
    let values =
        if signal.is_empty() { vec![0.0; width] } else { (0..signal.len()).flat_map(frame).collect() };
    Features { width, values }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_signals_by_hand() {
        let signal = |one: &[f32], other: &[f32]| {
            let names = ["C3".to_owned(), "C4".to_owned()];
            Signal::new(4.0, names, [one, other].concat()).expect("two channels")
        };
        let reference = signal(&[0.0, 7.0, 0.0], &[0.0, 1.0, 0.0]);
        // The same, a sample late: the first 0 is met twice, and so is the last.
        let late = signal(&[0.0, 0.0, 7.0, 0.0], &[0.0, 0.0, 1.0, 0.0]);
        assert_eq!(DynamicTimeWarping.figure(&late, &reference), 0.0);
        // Silence meets the peak once: sqrt((49 + 1) / 2) = 5, with a weight of 1 on the way along the reference alone.
        let silence = signal(&[0.0; 3], &[0.0; 3]);
        assert!((DynamicTimeWarping.figure(&silence, &reference) - 5.0 / 6.0).abs() < 1e-12);
        // No samples are one of silence.
        let nothing = signal(&[], &[]);
        assert!((DynamicTimeWarping.figure(&nothing, &reference) - 5.0 / 4.0).abs() < 1e-12);
        assert_eq!(DynamicTimeWarping.figure(&nothing, &nothing), 0.0);
    }
}
