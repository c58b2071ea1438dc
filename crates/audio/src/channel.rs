//! Choice of one channel among those of a sound.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decoding::believable;
use crate::error::AudioError;

/// Channel of a sound that a model hears.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Channel {
    /// Their mean.
    #[default]
    Mean,
    /// The left of two channels, or the only one.
    Left,
    /// The right of two channels, or the only one.
    Right,
}

/// Channels cancel out if their mean has less than this share of the energy of the mean of as many independent
/// channels.
const CANCELLED: f64 = 0.02;
const OPPOSITE: &str = "its channels are of opposite phase and cancel out in their mean, which is close to silence: write `channel: left` or `channel: right`";

impl Channel {
    /// One channel of `[samples, channels]`, row-major.
    pub(crate) fn of(
        self,
        values: &[f32],
        channels: usize,
        warnings: &mut Vec<String>,
    ) -> Result<Vec<f32>, AudioError> {
        let place = match (self, channels) {
            (_, 1) => Some(0),
            (Self::Mean, _) => None,
            (Self::Left, 2) => Some(0),
            (Self::Right, 2) => Some(1),
            (Self::Left, _) => return Err(AudioError::Channel { channels, channel: "left" }),
            (Self::Right, _) => return Err(AudioError::Channel { channels, channel: "right" }),
        };
        let samples: Vec<f32> = match place {
            Some(place) => values.iter().skip(place).step_by(channels).copied().collect(),
            None => {
                self.warn(values, channels, warnings);
                values.chunks_exact(channels).map(mean).collect()
            }
        };
        if believable(&samples) { Ok(samples) } else { Err(AudioError::Sample) }
    }

    /// True if a channel, by its number from 0, is heard.
    pub(crate) fn hears(self, number: usize, channels: usize) -> bool {
        match self {
            Self::Left if channels > 1 => number == 0,
            Self::Right if channels > 1 => number == 1,
            _ => true,
        }
    }

    /// Warns when the mean of the channels would be close to silence though they are not.
    pub(crate) fn warn(self, values: &[f32], channels: usize, warnings: &mut Vec<String>) {
        if self != Self::Mean || channels < 2 {
            return;
        }
        let (mut kept, mut all) = (0.0_f64, 0.0_f64);
        for sample in values.chunks_exact(channels) {
            kept += f64::from(mean(sample)).powi(2);
            all += sample.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>();
        }
        let unrelated = all / (channels * channels) as f64;
        if unrelated > 0.0 && kept < CANCELLED * unrelated {
            warnings.push(OPPOSITE.to_owned());
        }
    }
}

fn mean(sample: &[f32]) -> f32 {
    (sample.iter().map(|&value| f64::from(value)).sum::<f64>() / sample.len() as f64) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_become_one() {
        use Channel::{Left, Mean, Right};
        let stereo = [0.5, -0.25, 1.0, 0.0];
        let opposite = [0.5, -0.5, -0.25, 0.25];
        let many = [0.3, 0.6, 0.9];
        // The values, their channels, what is taken, what it gives, and whether it warns.
        type Case<'c> = (&'c [f32], usize, Channel, Option<Vec<f32>>, bool);
        let cases: [Case; 13] = [
            (&stereo, 2, Mean, Some(vec![0.125, 0.5]), false),
            (&stereo, 2, Left, Some(vec![0.5, 1.0]), false),
            (&stereo, 2, Right, Some(vec![-0.25, 0.0]), false),
            (&stereo, 1, Mean, Some(stereo.to_vec()), false),
            (&stereo, 1, Left, Some(stereo.to_vec()), false),
            (&stereo, 1, Right, Some(stereo.to_vec()), false),
            (&opposite, 2, Mean, Some(vec![0.0, 0.0]), true),
            (&opposite, 2, Left, Some(vec![0.5, -0.25]), false),
            (&[0.0; 4], 2, Mean, Some(vec![0.0; 2]), false),
            (&many, 3, Mean, Some(vec![0.6]), false),
            (&many, 3, Left, None, false),
            (&many, 3, Right, None, false),
            (&[f32::NAN, 0.5], 2, Left, None, false),
        ];
        for (values, channels, channel, expected, warns) in cases {
            let mut warnings = Vec::new();
            assert_eq!(
                channel.of(values, channels, &mut warnings).ok(),
                expected,
                "{channel:?} of {channels}"
            );
            assert_eq!(!warnings.is_empty(), warns, "{channel:?} of {channels}");
        }
    }
}
