//! Channels of several rates in one file.

use std::collections::HashMap;
use std::sync::Arc;

use any2any_fourier::{Complex, ComplexToReal, Real, RealToComplex};

/// Rates that are accepted, in hertz: seconds of others could fill the memory.
pub(crate) const RATES: std::ops::RangeInclusive<f64> = 1e-6..=1e6;
/// Samples above which slow channels are not brought to the rate of fast ones.
const MOST: usize = 1 << 28;

/// Refuses channels of a rate that no recording has.
pub(crate) fn believed(names: &[String], rates: &[f64]) -> Result<(), String> {
    match names.iter().zip(rates).find(|(_, rate)| !RATES.contains(rate)) {
        Some((name, rate)) => {
            Err(format!("channel '{name}' has a rate of {rate} Hz, which no recording has"))
        }
        None => Ok(()),
    }
}

/// Refuses channels of different rates.
pub(crate) fn same(names: &[String], rates: &[f64]) -> Result<(), String> {
    match (1..rates.len()).find(|&number| rates[number] != rates[0]) {
        Some(other) => Err(format!(
            "channel '{}' has {} Hz and '{}' has {} Hz: choose 'channels' of one rate",
            names[0], rates[0], names[other], rates[other]
        )),
        None => Ok(()),
    }
}

/// Brings all channels to the highest of their rates: slower ones through Fourier's transform, as MNE does.
///
/// # Shapes
///
/// - samples: `[channels][samples]`
pub(crate) fn highest(
    names: &[String],
    rates: &[f64],
    mut samples: Vec<Vec<f32>>,
    warnings: &mut Vec<String>,
) -> Result<(Vec<Vec<f32>>, f64), String> {
    let rate = rates.iter().copied().fold(0.0, f64::max);
    let len = samples.iter().map(Vec::len).max().unwrap_or_default();
    let slow: Vec<usize> = (0..samples.len()).filter(|&number| samples[number].len() != len).collect();
    let Some(&first) = slow.first() else { return Ok((samples, rate)) };
    let there: usize = samples.iter().map(Vec::len).sum();
    if len.saturating_mul(samples.len()) > MOST.max(8 * there) {
        return Err(format!(
            "has rates that lie too far apart, {} Hz and {rate} Hz: choose 'channels'",
            rates[first]
        ));
    }
    let mut upsampler = Upsampler::new(len);
    for &number in &slow {
        samples[number] = upsampler.apply(&samples[number]);
    }
    let listed: Vec<String> =
        slow.iter().map(|&number| format!("'{}' from {} Hz", names[number], rates[number])).collect();
    warnings.push(format!("brought to {rate} Hz, the highest rate of the file: {}", listed.join(", ")));
    Ok((samples, rate))
}

/// Resampler that brings channels to a greater length.
struct Upsampler {
    /// The plans so far, by their lengths: channels of one file have few.
    forward: HashMap<usize, Arc<dyn RealToComplex<f64>>>,
    inverse: Arc<dyn ComplexToReal<f64>>,
    len: usize,
}

impl Upsampler {
    fn new(len: usize) -> Self {
        Self { forward: HashMap::new(), inverse: f64::inverse(len), len }
    }

    fn apply(&mut self, samples: &[f32]) -> Vec<f32> {
        if samples.is_empty() {
            return vec![0.0; self.len];
        }
        let forward = self.forward.entry(samples.len()).or_insert_with(|| f64::forward(samples.len()));
        let mut input: Vec<f64> = samples.iter().map(|&sample| f64::from(sample)).collect();
        let mut found = forward.make_output_vec();
        let mut spectrum = self.inverse.make_input_vec();
        let mut output = self.inverse.make_output_vec();
        let done = forward.process(&mut input, &mut found).is_ok();
        // Half of the last bin of an even number of samples belongs to the negative frequency.
        if samples.len().is_multiple_of(2)
            && let Some(last) = found.last_mut()
        {
            *last *= 0.5;
        }
        spectrum.fill(Complex::default());
        spectrum[..found.len()].copy_from_slice(&found);
        // The first bin of a real signal is real, which rounding must not spoil.
        spectrum[0].im = 0.0;
        let done = done && self.inverse.process(&mut spectrum, &mut output).is_ok();
        debug_assert!(done, "lengths are those of the plans");
        output.into_iter().map(|value| (value / samples.len() as f64) as f32).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_channels_come_to_the_highest_rate() {
        let wave = |len: usize| -> Vec<f32> {
            let turn = |n: usize| 3.0 * std::f64::consts::TAU * n as f64 / len as f64;
            (0..len).map(|n| (1.0 + turn(n).sin()) as f32).collect()
        };
        let names = ["a", "b", "c"].map(str::to_owned);
        for slow in [8, 9] {
            let mut warnings = Vec::new();
            let samples = vec![wave(64), wave(slow), vec![2.0; 16]];
            let (samples, rate) =
                highest(&names, &[64.0, slow as f64, 16.0], samples, &mut warnings).expect("three channels");
            assert_eq!((rate, warnings.len()), (64.0, 1));
            for (found, expected) in samples[1].iter().zip(wave(64)) {
                assert!((found - expected).abs() < 1e-5, "{found} {expected}");
            }
            assert!(samples[2].iter().all(|value| (value - 2.0).abs() < 1e-6));
        }
        assert!(same(&names, &[1.0, 1.0, 2.0]).expect_err("two rates").contains("'c' has 2 Hz"));
    }
}
