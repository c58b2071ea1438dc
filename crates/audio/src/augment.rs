//! Augmentation: random changes that leave the meaning of a sound alone, so that a model never hears the same one
//! twice.

use any2any_adapter::Random;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::masks::SpecAugment;
use crate::noise::Noise;

/// Random changes of a sound; none unless named here. They are applied in this order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Augment {
    /// Speed and pitch changed together, by a factor drawn evenly between two (Ko et al. 2015).
    pub speed: Option<[f64; 2]>,
    /// Largest shift in seconds: later, after silence, or earlier, without its first moments.
    #[schemars(range(min = 0, max = 60))]
    pub shift: f64,
    /// Largest change of loudness, in decibels.
    #[schemars(range(min = 0, max = 100))]
    pub gain: f64,
    /// Noise under the sound.
    pub noise: Option<Noise>,
    /// SpecAugment: masked spans of time and bands of frequency.
    pub spec_augment: Option<SpecAugment>,
}

impl Augment {
    /// True if any change is switched on.
    pub(crate) fn changes(&self) -> bool {
        *self != Self::default()
    }

    /// Applies the changes of samples, which are all but those of frames.
    pub(crate) fn apply(&self, samples: &[f32], rate: usize, random: &mut Random) -> Vec<f32> {
        let mut samples = match self.speed {
            Some([low, high]) => faster(samples, low + (high - low) * random.unit()),
            None => samples.to_vec(),
        };
        if self.shift > 0.0 {
            let reach = self.shift * rate as f64;
            shift(&mut samples, (reach * (2.0 * random.unit() - 1.0)).round() as isize);
        }
        if self.gain > 0.0 {
            let factor = 10.0_f64.powf(self.gain * (2.0 * random.unit() - 1.0) / 20.0) as f32;
            samples.iter_mut().for_each(|sample| *sample *= factor);
        }
        if let Some(noise) = self.noise {
            noise.apply(&mut samples, random);
        }
        samples
    }
}

/// A sound at a factor of its speed, pitch included, by linear interpolation.
fn faster(samples: &[f32], factor: f64) -> Vec<f32> {
    let Some(last) = samples.len().checked_sub(1) else { return Vec::new() };
    let len = (samples.len() as f64 / factor).round().max(1.0) as usize;
    let sample = |number: usize| {
        let place = number as f64 * factor;
        let before = (place as usize).min(last);
        let share = (place - before as f64).min(1.0) as f32;
        let after = samples[(before + 1).min(last)];
        samples[before] + share * (after - samples[before])
    };
    (0..len).map(sample).collect()
}

/// A sound that begins later, or earlier; at least half of it stays.
fn shift(samples: &mut Vec<f32>, by: isize) {
    if by > 0 {
        samples.splice(..0, std::iter::repeat_n(0.0, by.unsigned_abs()));
    } else {
        samples.drain(..by.unsigned_abs().min(samples.len() / 2));
    }
}

#[cfg(test)]
mod tests {
    use any2any_adapter::Seed;
    use serde_json::json;

    use super::*;

    #[test]
    fn speed_changes_length_and_pitch() {
        let slope: Vec<f32> = (0..1000).map(|n| n as f32).collect();
        let fast = faster(&slope, 1.25);
        assert_eq!((fast.len(), fast[4], fast[100]), (800, 5.0, 125.0));
        let slow = faster(&slope, 0.8);
        assert_eq!((slow.len(), slow[5], slow[1]), (1250, 4.0, 0.8));
        assert_eq!(faster(&slope, 1.0), slope);
        assert_eq!((faster(&[], 2.0), faster(&[0.5], 2.0)), (vec![], vec![0.5]));
    }

    #[test]
    fn shifts_keep_at_least_half() {
        let shifted = |by| {
            let mut samples = vec![1.0, 2.0, 3.0, 4.0];
            shift(&mut samples, by);
            samples
        };
        assert_eq!(shifted(2), [0.0, 0.0, 1.0, 2.0, 3.0, 4.0]);
        assert_eq!(shifted(-1), [2.0, 3.0, 4.0]);
        assert_eq!(shifted(-9), [3.0, 4.0]);
        assert_eq!(shifted(0), [1.0, 2.0, 3.0, 4.0]);
    }

    #[test]
    fn the_same_generator_gives_the_same_sound() {
        let all = json!({ "speed": [0.9, 1.1], "shift": 0.01, "gain": 6, "noise": { "pink": [10, 30] } });
        let augment: Augment = serde_json::from_value(all).expect("options");
        let sound: Vec<f32> = (0..800).map(|n| (n as f32 * 0.1).sin()).collect();
        let changed = |step| augment.apply(&sound, 8000, &mut Seed(1).random("augment", step));
        assert_eq!(changed(0), changed(0));
        assert_ne!(changed(0), changed(1));
        assert!(augment.changes() && !Augment::default().changes());
        assert_eq!(Augment::default().apply(&sound, 8000, &mut Seed(1).random("augment", 0)), sound);
    }
}
