//! Log-spectral distance, in decibels (Gray and Markel, "Distance measures for speech processing", 1976: their rms log
//! spectral measure, `d2`), over the short-time spectra of both signals.

use any2any_adapter::Signal;

use super::SignalMetric;
use super::short_time::{ShortTime, decibels, floor, mean};

/// The log-spectral distance of signals, in decibels.
///
/// With the powers `P[t, k]` of the reference and `Q[t, k]` of the hypothesis in frame `t` at frequency `k`, none counted
/// below the floor, a channel's distance is
///
/// ```text
/// mean over t of  sqrt( mean over k of (10 log10 P[t, k] - 10 log10 Q[t, k])^2 )
/// ```
///
/// and a signal's the mean over its channels.
///
/// - Windows are Hann windows of 32 ms in sounds (from 4,000 Hz on), of 1 s in slower signals, rounded up to a power of
///   two samples, at least 16; hops are a quarter of the window. The first is centred on the first sample.
/// - The floor lies 60 dB below the reference's highest power in that channel, so that what nobody hears does not count.
///   If the reference is flat, the hypothesis's highest power takes its place; two flat channels have the distance 0.
/// - The mean of the reference's channel is taken from both, so that an offset which both have does not set the floor; one
///   that only the hypothesis has counts as power at frequency 0.
/// - The shorter signal goes on in silence to the end of the longer one.
///
/// A gain of `g` dB costs `g`, phases cost nothing, and independent noises of one spectrum are about 8 dB apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpectralDistance;

impl SignalMetric for SpectralDistance {
    fn name(&self) -> &'static str {
        "LSD"
    }

    fn figure(&self, hypothesis: &Signal, reference: &Signal) -> f64 {
        let mut spectra = ShortTime::new(reference.rate());
        let channels = reference.channels().len();
        let distance =
            |channel| distance(&mut spectra, hypothesis.channel(channel), reference.channel(channel));
        (0..channels).map(distance).sum::<f64>() / channels as f64
    }
}

/// The distance of one channel. The reference's spectra are computed twice, so that no spectrogram is kept.
fn distance(spectra: &mut ShortTime, hypothesis: &[f32], reference: &[f32]) -> f64 {
    let level = mean(reference);
    let frames = spectra.frames(hypothesis.len().max(reference.len()));
    let mut peak = |channel: &[f32]| {
        (0..frames)
            .flat_map(|frame| spectra.powers(channel, level, frame).reduce(f64::max))
            .fold(0.0, f64::max)
    };
    let Some(floor) = floor(peak(reference), || peak(hypothesis)) else { return 0.0 };
    let mut wanted = Vec::with_capacity(spectra.size() / 2 + 1);
    let mut sum = 0.0;
    for frame in 0..frames {
        wanted.clear();
        wanted.extend(spectra.powers(reference, level, frame).map(|power| decibels(power, floor)));
        let written = spectra.powers(hypothesis, level, frame).map(|power| decibels(power, floor));
        let squares: f64 = written.zip(&wanted).map(|(written, wanted)| (written - wanted).powi(2)).sum();
        sum += (squares / wanted.len() as f64).sqrt();
    }
    sum / frames as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(rate: f64, hypothesis: &[f32], reference: &[f32]) -> f64 {
        let signal = |samples: &[f32]| Signal::mono(rate, samples.to_vec()).expect("one channel");
        SpectralDistance.figure(&signal(hypothesis), &signal(reference))
    }

    #[test]
    fn an_impulse_by_hand() {
        // One sample of 1 at place 8 of 16: windows of 16, hops of 4, so frames are centred on 0, 4, 8, 12 and 16. The
        // spectrum of an impulse is flat: the window's weight, squared. Hann is 0, 1/2, 1, 1/2 and 0 there.
        let impulse = |height: f32| (0..16).map(|at| if at == 8 { height } else { 0.0 }).collect::<Vec<_>>();
        // Without its mean the reference has other spectra, so it gets one of 0: another impulse, downwards, far away.
        let pair = |height: f32| [impulse(height), vec![0.0; 16], impulse(-height), vec![0.0; 16]].concat();
        // Half as high is 20 log10 2 = 6.02 dB lower in frames that see an impulse: three of four around each, six of 17
        // in all; the other eleven are silent in both.
        let expected = 20.0 * 2.0_f64.log10() * 6.0 / 17.0;
        assert!((figure(16.0, &pair(0.5), &pair(1.0)) - expected).abs() < 1e-9);
        // Silence lies at the floor: 60 dB below the peak, 60 - 12.04 where the window weighs a half.
        let expected = (2.0 * 60.0 + 4.0 * (60.0 - 20.0 * 4.0_f64.log10() / 2.0)) / 17.0;
        let found = figure(16.0, &[0.0; 64], &pair(1.0));
        assert!((found - expected).abs() < 1e-9, "{found} {expected}");
    }

    #[test]
    fn flat_signals_are_told_from_others() {
        assert_eq!(figure(128.0, &[0.1; 300], &[0.1; 300]), 0.0);
        assert_eq!(figure(128.0, &[], &[]), 0.0);
        // Another offset is power at frequency 0, whatever the two levels are.
        let offset = figure(128.0, &[0.3; 300], &[0.1; 300]);
        assert!(offset > 1.0 && offset <= 60.0, "{offset}");
        assert_eq!(figure(128.0, &[], &[0.0; 300]), 0.0);
    }
}
