//! Powers of frequencies: the periodogram with a Hann window (Welch 1967, one segment).

use std::f64::consts::PI;
use std::sync::Arc;

use any2any_fourier::{Complex, Real, RealToComplex};

/// Least power, in square microvolts per hertz; it keeps logarithms finite.
pub(crate) const FLOOR: f64 = 1e-10;

/// The periodogram of windows of a length.
#[derive(Clone)]
pub(crate) struct Periodogram {
    taper: Vec<f64>,
    /// Factor from squares of the transform to power per hertz.
    scale: f64,
    /// Step from one frequency to the next, in hertz.
    resolution: f64,
    transform: Arc<dyn RealToComplex<f64>>,
}

impl Periodogram {
    /// Periodogram of windows of `window` samples at a rate in hertz, padded with zeros to `length` samples.
    pub(crate) fn new(window: usize, length: usize, rate: f64) -> Self {
        let taper: Vec<f64> =
            (0..window).map(|n| 0.5 - 0.5 * (2.0 * PI * n as f64 / window as f64).cos()).collect();
        let energy: f64 = taper.iter().map(|weight| weight * weight).sum();
        let length = length.max(window);
        Self {
            scale: 1.0 / (rate * energy.max(f64::MIN_POSITIVE)),
            resolution: rate / length as f64,
            transform: f64::forward(length),
            taper,
        }
    }

    /// Step from one frequency to the next, in hertz.
    pub(crate) fn resolution(&self) -> f64 {
        self.resolution
    }

    /// The bins of the frequencies between two, both included.
    pub(crate) fn bins(&self, low: f64, high: f64) -> std::ops::Range<usize> {
        let last = self.transform.len() / 2;
        let first = (low / self.resolution - 1e-6).ceil().max(0.0) as usize;
        let end = ((high / self.resolution + 1e-6).floor() + 1.0).clamp(0.0, (last + 1) as f64) as usize;
        first.min(end)..end
    }

    /// The power per hertz of every frequency up to half the rate. The mean is taken out first.
    pub(crate) fn powers(&self, window: &[f32]) -> Vec<f64> {
        let mean = window.iter().map(|&value| f64::from(value)).sum::<f64>() / window.len().max(1) as f64;
        let mut input = self.transform.make_input_vec();
        for ((input, &value), weight) in input.iter_mut().zip(window).zip(&self.taper) {
            *input = (f64::from(value) - mean) * weight;
        }
        let mut output = self.transform.make_output_vec();
        if self.transform.process(&mut input, &mut output).is_err() {
            // Only vectors of another length are refused, and these are the plan's own.
            return vec![0.0; output.len()];
        }
        let length = self.transform.len();
        let one_sided = |number: usize| if number == 0 || 2 * number == length { 1.0 } else { 2.0 };
        let power =
            |(number, value): (usize, &Complex<f64>)| value.norm_sqr() * self.scale * one_sided(number);
        output.iter().enumerate().map(power).collect()
    }
}

/// Each value relative to the mean of its neighbours, at most `reach` to either side.
pub(crate) fn against_neighbours(values: &[f64], reach: usize) -> Vec<f64> {
    let around = |number: usize| {
        let near = &values[number.saturating_sub(reach)..(number + reach + 1).min(values.len())];
        (near.iter().sum::<f64>() - values[number]) / (near.len() - 1).max(1) as f64
    };
    (0..values.len()).map(|number| values[number] - around(number)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wave_of_amplitude_2_has_power_2() {
        let wave: Vec<f32> =
            (0..512).map(|n| 7.0 + 2.0 * (2.0 * PI * 13.0 * f64::from(n) / 256.0).sin() as f32).collect();
        for length in [512, 2048] {
            let periodogram = Periodogram::new(512, length, 256.0);
            let powers = periodogram.powers(&wave);
            let total = powers.iter().sum::<f64>() * periodogram.resolution();
            assert!((total - 2.0).abs() < 1e-3, "{total}");
            let highest = powers.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).expect("powers").0;
            assert_eq!(highest as f64 * periodogram.resolution(), 13.0);
        }
    }

    #[test]
    fn bins_lie_within_their_band_and_neighbours_are_taken_out() {
        let periodogram = Periodogram::new(512, 512, 256.0);
        assert_eq!(periodogram.bins(6.0, 45.0), 12..91);
        assert_eq!(periodogram.bins(6.1, 6.4), 13..13);
        assert_eq!(periodogram.bins(0.0, 1e9), 0..257);
        assert_eq!(against_neighbours(&[1.0, 4.0, 1.0, 1.0], 1), [-3.0, 3.0, -1.5, 0.0]);
        assert_eq!(against_neighbours(&[2.0], 3), [2.0]);
    }
}
