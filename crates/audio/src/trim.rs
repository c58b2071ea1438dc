//! Trimming of silence at both ends of a sound.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::mel;

/// Silence that is cut off at both ends: everything before the first frame that is loud enough, and after the
/// last.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Trim {
    /// Level of silence, in decibels below the loudest frame.
    #[schemars(range(min = 1, max = 200))]
    pub threshold: f64,
    /// Silence that is kept on both sides, in seconds.
    #[schemars(range(min = 0, max = 60))]
    pub margin: f64,
}

impl Default for Trim {
    fn default() -> Self {
        Self { threshold: 40.0, margin: 0.05 }
    }
}

/// Length of a frame of energy, and the hop from one to the next, in seconds.
const FRAME: (f64, f64) = (0.025, 0.01);

impl Trim {
    /// The sound without silence, as `librosa.effects.trim` finds it; a silent one stays as it is.
    pub(crate) fn apply(self, mut samples: Vec<f32>, rate: usize) -> Vec<f32> {
        // An even window lies the same around its middle as librosa's.
        let (half, hop) = (mel::samples(FRAME.0 / 2.0, rate), mel::samples(FRAME.1, rate));
        let mut sums = Vec::with_capacity(samples.len() + 1);
        sums.push(0.0_f64);
        let mut total = 0.0;
        for sample in &samples {
            total += f64::from(*sample).powi(2);
            sums.push(total);
        }
        let energy = |frame: usize| {
            let middle = frame * hop;
            sums[(middle + half).min(samples.len())] - sums[middle.saturating_sub(half)]
        };
        let frames = 1 + samples.len() / hop;
        let loudest = (0..frames).map(energy).fold(0.0, f64::max);
        let silence = loudest * 10.0_f64.powf(-self.threshold / 10.0);
        let heard = |frame: &usize| energy(*frame) > silence;
        let (Some(first), Some(last)) = ((0..frames).find(heard), (0..frames).rev().find(heard)) else {
            return samples;
        };
        let margin = (self.margin * rate as f64).round() as usize;
        let end = ((last + 1) * hop).saturating_add(margin).min(samples.len());
        samples.truncate(end);
        samples.drain(..(first * hop).saturating_sub(margin).min(end));
        samples
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound() -> Vec<f32> {
        let mut samples = vec![0.0; 8000];
        for (number, sample) in samples[3000..5000].iter_mut().enumerate() {
            *sample = if number % 2 == 0 { 0.5 } else { -0.5 };
        }
        samples
    }

    #[test]
    fn silence_at_the_ends_goes() {
        let trim = Trim { threshold: 40.0, margin: 0.0 };
        let trimmed = trim.apply(sound(), 8000);
        // By hand: the first frame that reaches sample 3000 has its middle at 2960, the last at 5040.
        assert_eq!(trimmed.len(), 5120 - 2960);
        let kept = Trim { margin: 0.1, ..trim }.apply(sound(), 8000);
        assert_eq!(kept.len(), trimmed.len() + 1600);
        assert_eq!(Trim { margin: 60.0, ..trim }.apply(sound(), 8000), sound());
    }

    #[test]
    fn soft_noise_counts_by_the_threshold() {
        let mut samples = sound();
        samples[..1000].fill(0.005); // 40 dB below 0.5.
        let length = |threshold| Trim { threshold, margin: 0.0 }.apply(samples.clone(), 8000).len();
        assert!(length(60.0) > 5000 && length(30.0) < 2300);
    }

    #[test]
    fn silence_alone_stays() {
        let trim = Trim::default();
        assert_eq!(trim.apply(vec![0.0; 500], 8000), vec![0.0; 500]);
        assert_eq!(trim.apply(vec![], 8000), Vec::<f32>::new());
        assert_eq!(trim.apply(vec![0.5], 8000), vec![0.5]);
    }
}
