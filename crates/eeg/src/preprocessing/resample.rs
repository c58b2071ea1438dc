//! Resampling with a polyphase filter, as `scipy.signal.resample_poly(..., padtype="line")`.

use std::f64::consts::PI;

use crate::error::EegError;

/// Largest side of the ratio of two rates.
const LARGEST: u64 = 100_000;
/// The most samples of a channel, so that a file that lies about its rate does not fill the memory.
const MOST: u64 = 1 << 30;
/// The shape of the Kaiser window.
const BETA: f64 = 5.0;

/// Resampler from one rate to another: `up` samples for every `down`.
#[derive(Debug)]
pub(crate) struct Resampler {
    up: usize,
    down: usize,
    taps: Vec<f64>,
}

impl Resampler {
    /// The resampler between two rates in hertz; `None` when they are the same.
    pub(crate) fn new(from: f64, to: f64) -> Result<Option<Self>, EegError> {
        // Rates are taken as thousandths of a hertz: finer differences do not show within an hour.
        let (from_steps, to_steps) = ((from * 1000.0).round() as u64, (to * 1000.0).round() as u64);
        let divisor = greatest_common_divisor(from_steps, to_steps).max(1);
        let (up, down) = (to_steps / divisor, from_steps / divisor);
        if up == 0 || down == 0 || up.max(down) > LARGEST {
            return Err(EegError::option("resample", format!("{from} Hz cannot be brought to {to} Hz")));
        }
        if up == down {
            return Ok(None);
        }
        let (up, down) = (up as usize, down as usize);
        Ok(Some(Self { up, down, taps: taps(up, down) }))
    }

    /// One channel at the other rate.
    pub(crate) fn apply(&self, samples: &[f32]) -> Result<Vec<f32>, EegError> {
        let len = samples.len() as u64 * self.up as u64;
        let len = len.div_ceil(self.down as u64);
        if len > MOST {
            return Err(EegError::option("resample", format!("{len} samples a channel are too many")));
        }
        let (&[first, ..], &[.., last]) = (samples, samples) else { return Ok(Vec::new()) };
        let (first, last) = (f64::from(first), f64::from(last));
        let end = samples.len() as i64 - 1;
        let slope = if end > 0 { (last - first) / end as f64 } else { 0.0 };
        // Beyond its ends the signal goes on along the line through its first and its last sample.
        let at = |place: i64| match place {
            ..0 => first + slope * place as f64,
            _ if place > end => last + slope * (place - end) as f64,
            _ => f64::from(samples[place as usize]),
        };
        let half = (self.taps.len() / 2) as i64;
        let (up, down) = (self.up as i64, self.down as i64);
        let value = |number: i64| {
            // Taps that meet a sample rather than one of the zeros between samples.
            let place = number * down + half;
            let mut sum = 0.0;
            for tap in ((place % up)..self.taps.len() as i64).step_by(self.up) {
                sum += self.taps[tap as usize] * at((place - tap) / up);
            }
            sum as f32
        };
        Ok((0..len as i64).map(value).collect())
    }
}

/// A low pass of `20 max + 1` taps under a Kaiser window, its gain `up`.
fn taps(up: usize, down: usize) -> Vec<f64> {
    let largest = up.max(down) as f64;
    let half = 10 * up.max(down) as i64;
    let tap = |number: i64| {
        let x = number as f64 / largest;
        let sinc = if number == 0 { 1.0 } else { (PI * x).sin() / (PI * x) };
        let edge = number as f64 / half as f64;
        sinc * bessel(BETA * (1.0 - edge * edge).max(0.0).sqrt())
    };
    let taps: Vec<f64> = (-half..=half).map(tap).collect();
    let gain = up as f64 / taps.iter().sum::<f64>();
    taps.into_iter().map(|tap| tap * gain).collect()
}

/// The modified Bessel function of the first kind, order 0, by its power series.
fn bessel(x: f64) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for number in 1..60 {
        term *= (x / (2.0 * f64::from(number))).powi(2);
        sum += term;
    }
    sum
}

fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_wave_stays_and_a_fast_one_goes() {
        let wave = |hertz: f64, rate: f64, len: usize| -> Vec<f32> {
            (0..len).map(|n| (2.0 * PI * hertz * n as f64 / rate).sin() as f32).collect()
        };
        for (from, to) in [(256.0, 100.0), (100.0, 256.0), (512.0, 128.0), (250.5, 100.25)] {
            let resampler = Resampler::new(from, to).expect("possible").expect("another rate");
            let len = from as usize * 4;
            let found = resampler.apply(&wave(5.0, from, len)).expect("small");
            let expected = wave(5.0, to, found.len());
            assert_eq!(found.len(), (len as f64 * to / from).ceil() as usize);
            let inner = 40..found.len() - 40;
            for number in inner {
                let (found, expected) = (found[number], expected[number]);
                assert!((found - expected).abs() < 5e-3, "{from} to {to}, {number}: {found} {expected}");
            }
        }
        let resampler = Resampler::new(256.0, 100.0).expect("possible").expect("another rate");
        let found = resampler.apply(&wave(80.0, 256.0, 1024)).expect("small");
        assert!(found[40..360].iter().all(|value| value.abs() < 5e-3));
    }

    #[test]
    fn odd_ratios_are_errors() {
        assert!(Resampler::new(256.0, 256.0).expect("possible").is_none());
        assert!(Resampler::new(1e-9, 256.0).is_err());
        assert!(Resampler::new(999.983, 256.001).is_err());
        let resampler = Resampler::new(0.01, 256.0).expect("possible").expect("another rate");
        assert!(resampler.apply(&[0.0; 100_000]).is_err());
        assert_eq!(resampler.apply(&[]), Ok(vec![]));
    }
}
