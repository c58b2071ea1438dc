//! Standardisation of channels to mean 0 and standard deviation 1.

/// Least deviation of a channel: one that changes less stays silent instead of being blown up.
const LEAST: f64 = 1e-9;

/// The mean and the deviation of some samples.
pub(crate) fn moments(samples: &[f32]) -> (f64, f64) {
    let count = samples.len().max(1) as f64;
    let mean = samples.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
    let squares = samples.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>();
    (mean, (squares / count).sqrt())
}

/// A value standardised by a mean and a deviation.
pub(crate) fn standard(value: f32, (mean, deviation): (f64, f64)) -> f32 {
    let centred = f64::from(value) - mean;
    (if deviation < LEAST { centred } else { centred / deviation }) as f32
}

/// Standardises each sample of a channel by the samples around it, at most `window` of them.
pub(crate) fn moving(samples: &[f32], window: usize) -> Vec<f32> {
    // Sums over everything before a sample, around the overall mean so that little is lost to rounding.
    let (centre, _) = moments(samples);
    let mut sums = Vec::with_capacity(samples.len() + 1);
    let (mut sum, mut squares) = (0.0, 0.0);
    sums.push((sum, squares));
    for &value in samples {
        let value = f64::from(value) - centre;
        sum += value;
        squares += value * value;
        sums.push((sum, squares));
    }
    let half = window / 2;
    let standardized = |(number, &value): (usize, &f32)| {
        let (start, end) = (number.saturating_sub(half), (number + half + 1).min(samples.len()));
        let count = (end - start) as f64;
        let mean = (sums[end].0 - sums[start].0) / count;
        let variance = ((sums[end].1 - sums[start].1) / count - mean * mean).max(0.0);
        standard(value, (mean + centre, variance.sqrt()))
    };
    samples.iter().enumerate().map(standardized).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_and_moving_moments_agree_on_a_wide_window() {
        let samples: Vec<f32> = (0..50).map(|n| 1000.0 + (n as f32 * 0.7).sin()).collect();
        let moments = moments(&samples);
        for (&sample, moving) in samples.iter().zip(moving(&samples, 1000)) {
            assert!((standard(sample, moments) - moving).abs() < 1e-4);
        }
        assert_eq!(moving(&[3.0, 3.0, 3.0], 3), [0.0, 0.0, 0.0]);
        assert_eq!(moving(&[], 3), [0.0; 0]);
        let last = moving(&[0.0, 0.0, 2.0, 4.0], 3)[3];
        assert!((last - 1.0).abs() < 1e-6, "only 2 and 4 are near: {last}");
    }
}
