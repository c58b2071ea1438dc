//! Sounds at another rate.

use std::ops::RangeInclusive;

use crate::error::AudioError;

/// The rates that sounds have, in hertz.
pub(crate) const RATES: RangeInclusive<usize> = 1000..=768_000;

/// A sound at another rate, of the same duration; the filter softens the uppermost few per cent of frequencies.
pub(crate) fn resample(samples: Vec<f32>, from: usize, to: usize) -> Result<Vec<f32>, AudioError> {
    if from == to || samples.is_empty() {
        return Ok(samples);
    }
    any2any_fourier::resample(&samples, from, to).map_err(|error| AudioError::Resampling {
        from,
        to,
        reason: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hertz: f64, rate: usize, seconds: f64) -> Vec<f32> {
        let count = (seconds * rate as f64) as usize;
        (0..count)
            .map(|n| (0.5 * (std::f64::consts::TAU * hertz * n as f64 / rate as f64).sin()) as f32)
            .collect()
    }

    #[test]
    fn tones_stay_where_they_are() {
        let cases = [
            (8000, 16_000),
            (16_000, 8000),
            (44_100, 16_000),
            (48_000, 16_000),
            (22_050, 16_000),
            (11_025, 8000),
        ];
        for (from, to) in cases {
            for hertz in [50.0, 440.0, 3000.0] {
                let found = resample(tone(hertz, from, 1.0), from, to).expect("common rates");
                let expected = tone(hertz, to, 1.0);
                assert_eq!(found.len(), expected.len(), "{from} to {to}");
                // At the ends, the tone begins at once: no filter can follow.
                let inside = to / 10..found.len() - to / 10;
                for number in inside {
                    let error = (found[number] - expected[number]).abs();
                    assert!(error < 2e-4, "{hertz} Hz, {from} to {to}, sample {number}: {error}");
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_heard_is_gone() {
        let found = resample(tone(6000.0, 16_000, 1.0), 16_000, 8000).expect("common rates");
        assert!(found[800..7200].iter().all(|sample| sample.abs() < 1e-4));
    }

    #[test]
    fn lengths_are_rounded_up_and_the_same_rate_changes_nothing() {
        for (len, from, to) in [(1, 8000, 16_000), (3, 16_000, 8000), (1, 768_000, 1000), (7, 44_100, 16_000)]
        {
            let found = resample(vec![0.1; len], from, to).expect("rates of sounds");
            assert_eq!(found.len(), (len * to).div_ceil(from));
        }
        assert_eq!(resample(vec![0.1, 0.2], 8000, 8000), Ok(vec![0.1, 0.2]));
        assert_eq!(resample(vec![], 8000, 16_000), Ok(vec![]));
    }
}
