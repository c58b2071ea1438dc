//! Short-time spectra: the power of each frequency in windows that follow each other.

use std::sync::Arc;

use any2any_adapter::Signal;
use any2any_fourier::{Complex, Real, RealToComplex};

/// The lowest rate of a sound, in hertz. Slower signals are movements that are followed sample by sample: EEG, sensors.
pub(super) const SOUND: f64 = 4000.0;

/// The floor below which powers are not told apart: 60 dB below the highest power of the reference.
pub(super) const FLOOR: f64 = 1e-6;

/// The fewest and the most samples of a window.
const WINDOW: (usize, usize) = (16, 1 << 16);

/// The number of hops in a window.
const HOPS: usize = 4;

/// Power spectra of a signal's channel under a periodic Hann window, one every quarter of the window.
///
/// Windows are 32 ms long in sounds, as is usual for speech, and 1 s in slower signals, which tells the rhythms of an EEG
/// apart by 1 Hz; rounded up to a power of two. They are centred on their place: the first lies half before the start,
/// where there is silence, as there is behind the end.
pub(super) struct ShortTime {
    window: Vec<f64>,
    transform: Arc<dyn RealToComplex<f64>>,
    input: Vec<f64>,
    spectrum: Vec<Complex<f64>>,
    scratch: Vec<Complex<f64>>,
}

impl ShortTime {
    pub(super) fn new(rate: f64) -> Self {
        let wanted = if rate >= SOUND { rate / 31.25 } else { rate };
        let size = (wanted.ceil() as usize).clamp(WINDOW.0, WINDOW.1).next_power_of_two();
        let angle = |at: usize| std::f64::consts::TAU * at as f64 / size as f64;
        let transform = f64::forward(size);
        Self {
            window: (0..size).map(|at| 0.5 - 0.5 * angle(at).cos()).collect(),
            input: transform.make_input_vec(),
            spectrum: transform.make_output_vec(),
            scratch: transform.make_scratch_vec(),
            transform,
        }
    }

    /// The number of samples of a window.
    pub(super) fn size(&self) -> usize {
        self.window.len()
    }

    /// The number of frames of a channel; one without samples has a frame of silence.
    pub(super) fn frames(&self, samples: usize) -> usize {
        1 + samples / (self.size() / HOPS)
    }

    /// The power of each frequency from 0 to half the rate in one frame of a channel, `level` taken from its samples.
    pub(super) fn powers(&mut self, channel: &[f32], level: f64, frame: usize) -> impl Iterator<Item = f64> {
        let (size, begin) = (self.size(), frame * (self.size() / HOPS));
        for (at, (input, weight)) in self.input.iter_mut().zip(&self.window).enumerate() {
            let sample = (begin + at).checked_sub(size / 2).and_then(|place| channel.get(place));
            *input = sample.map_or(0.0, |&sample| weight * (f64::from(sample) - level));
        }
        // The buffers are those that the transform made, so their lengths are right.
        let done =
            self.transform.process_with_scratch(&mut self.input, &mut self.spectrum, &mut self.scratch);
        debug_assert!(done.is_ok());
        self.spectrum.iter().map(Complex::norm_sqr)
    }
}

/// The mean of a channel: exact where all samples are equal, so that nothing is left of a flat channel.
pub(super) fn mean(channel: &[f32]) -> f64 {
    match channel {
        [] => 0.0,
        [first, rest @ ..] if rest.iter().all(|sample| sample == first) => f64::from(*first),
        all => all.iter().map(|&sample| f64::from(sample)).sum::<f64>() / all.len() as f64,
    }
}

/// The power that counts as silence: [`FLOOR`] of the reference's peak, or of the hypothesis's where the reference is
/// flat; `None` if both are.
pub(super) fn floor(reference: f64, hypothesis: impl FnOnce() -> f64) -> Option<f64> {
    let peak = if reference > 0.0 { reference } else { hypothesis() };
    (peak > 0.0).then_some(FLOOR * peak)
}

/// A power in decibels, no lower than the floor.
pub(super) fn decibels(power: f64, floor: f64) -> f64 {
    10.0 * power.max(floor).log10()
}

/// True for sounds, whose frames are compared by their spectra.
pub(super) fn is_sound(signal: &Signal) -> bool {
    signal.rate() >= SOUND
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_follow_the_rate() {
        let cases = [
            (8000.0, 256),
            (16_000.0, 512),
            (44_100.0, 2048),
            (4000.0, 128),
            (3999.0, 4096),
            (250.0, 256),
            (128.0, 128),
            (1.0, 16),
            (1e12, 1 << 16),
        ];
        for (rate, size) in cases {
            assert_eq!(ShortTime::new(rate).size(), size, "{rate} Hz");
        }
    }

    #[test]
    fn a_cosine_in_the_middle_of_a_bin_stands_there() {
        let mut spectra = ShortTime::new(16.0);
        let wave: Vec<f32> = [4.0, 3.0, 2.0, 3.0].repeat(16);
        assert_eq!(spectra.frames(64), 17);
        let powers: Vec<f64> = spectra.powers(&wave, 3.0, 8).collect();
        // A Hann window of 16 sums to 8: half of it goes to the positive frequency, a quarter to each side.
        let expected = [0.0, 0.0, 0.0, 4.0, 16.0, 4.0, 0.0, 0.0, 0.0];
        for (found, expected) in powers.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{powers:?}");
        }
        assert_eq!(mean(&wave), 3.0);
        assert_eq!(mean(&[0.1; 7]), f64::from(0.1_f32));
    }
}
