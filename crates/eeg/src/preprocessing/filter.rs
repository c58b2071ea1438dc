//! Filters without delay: forward, then backward, as `scipy.signal.sosfiltfilt` does it.

use crate::error::EegError;
use crate::options::Filter;
use crate::preprocessing::butterworth::{Band, Section, butterworth, notch};

/// The sections of the filter that the options describe: each group is run forward and backward by itself.
pub(crate) fn sections(filter: &Filter, rate: f64) -> Result<Vec<Vec<Section>>, EegError> {
    let below_half = |option: &'static str, frequency: f64| {
        let reason =
            || format!("{frequency} Hz cannot be told apart at a rate of {rate} Hz: stay below half of it");
        if frequency > 0.0 && frequency < rate / 2.0 {
            Ok(())
        } else {
            Err(EegError::option(option, reason()))
        }
    };
    let mut groups = Vec::new();
    let band = match (filter.low, filter.high) {
        (None, None) => None,
        (Some(low), None) => Some(Band::Above(low)),
        (None, Some(high)) => Some(Band::Below(high)),
        (Some(low), Some(high)) if low < high => Some(Band::Between(low, high)),
        (Some(_), Some(_)) => return Err(EegError::option("filter.low", "must lie below filter.high")),
    };
    if let Some(band) = band {
        filter.low.map_or(Ok(()), |low| below_half("filter.low", low))?;
        filter.high.map_or(Ok(()), |high| below_half("filter.high", high))?;
        groups.push(butterworth(filter.order, band, rate));
    }
    for &frequency in &filter.notch {
        below_half("filter.notch", frequency)?;
        groups.push(vec![notch(frequency, filter.quality, rate)]);
    }
    Ok(groups)
}

/// Runs sections forward and backward over one channel; `None` when the channel is too short for that.
pub(crate) fn forward_backward(sections: &[Section], samples: &[f32]) -> Option<Vec<f32>> {
    let padding = padding(sections);
    let (&[first, ..], &[.., last]) = (samples, samples) else { return None };
    if samples.len() <= padding {
        return None;
    }
    // Odd extension: the signal turned around its first and last sample, so that it goes on smoothly.
    let (first, last, len) = (f64::from(first), f64::from(last), samples.len());
    let before = (1..=padding).rev().map(|back| 2.0 * first - f64::from(samples[back]));
    let after = (1..=padding).map(|on| 2.0 * last - f64::from(samples[len - 1 - on]));
    let inside = samples.iter().map(|&value| f64::from(value));
    let mut extended: Vec<f64> = before.chain(inside).chain(after).collect();
    run(sections, &mut extended);
    extended.reverse();
    run(sections, &mut extended);
    extended.reverse();
    Some(extended[padding..][..len].iter().map(|&value| value as f32).collect())
}

/// Number of samples that are added on either side, by SciPy's rule.
fn padding(sections: &[Section]) -> usize {
    let trivial_b = sections.iter().filter(|section| section.b[2] == 0.0).count();
    let trivial_a = sections.iter().filter(|section| section.a[1] == 0.0).count();
    3 * (2 * sections.len() + 1 - trivial_b.min(trivial_a))
}

/// Runs sections forward in place, from the state in which the first sample has always been there.
fn run(sections: &[Section], samples: &mut [f64]) {
    let mut level = samples.first().copied().unwrap_or_default();
    for Section { b, a } in sections {
        let steady = (b[0] + b[1] + b[2]) / (1.0 + a[0] + a[1]);
        let mut one = level * (steady - b[0]);
        let mut two = level * (b[2] - a[1] * steady);
        for sample in samples.iter_mut() {
            let input = *sample;
            let output = b[0] * input + one;
            one = b[1] * input - a[0] * output + two;
            two = b[2] * input - a[1] * output;
            *sample = output;
        }
        level *= steady;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_passes_or_goes_without_a_transient() {
        let constant = vec![5.0; 200];
        for (band, expected) in
            [(Band::Below(10.0), 5.0), (Band::Above(1.0), 0.0), (Band::Between(1.0, 9.0), 0.0)]
        {
            let sections = butterworth(4, band, 100.0);
            let found = forward_backward(&sections, &constant).expect("long enough");
            assert!(found.iter().all(|value| (value - expected).abs() < 1e-4), "{band:?}: {found:?}");
        }
        assert_eq!(forward_backward(&butterworth(4, Band::Below(10.0), 100.0), &[1.0; 15]), None);
        assert_eq!(forward_backward(&[notch(10.0, 30.0, 100.0)], &[]), None);
    }

    #[test]
    fn edges_beyond_half_the_rate_are_errors() {
        let filter = Filter { high: Some(60.0), ..Filter::default() };
        let error = sections(&filter, 100.0).expect_err("60 Hz at 100 Hz").to_string();
        assert!(error.starts_with("filter.high: 60 Hz"), "{error}");
    }
}
