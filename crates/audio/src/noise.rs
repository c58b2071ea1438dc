//! Noise under a sound.

use any2any_adapter::Random;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Noise under a sound, by the signal-to-noise ratio in decibels, drawn evenly between two.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Noise {
    /// Equally strong at all frequencies: hiss.
    White([f64; 2]),
    /// Weaker by 3 decibels an octave: rooms, rain, crowds.
    Pink([f64; 2]),
}

impl Noise {
    /// The name of the noise in the YAML.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::White(_) => "white",
            Self::Pink(_) => "pink",
        }
    }

    /// The least and the most decibels.
    pub(crate) fn ends(self) -> [f64; 2] {
        match self {
            Self::White(ends) | Self::Pink(ends) => ends,
        }
    }

    /// Adds noise to a sound; silence stays silent.
    pub(crate) fn apply(self, samples: &mut [f32], random: &mut Random) {
        let [low, high] = self.ends();
        let decibels = low + (high - low) * random.unit();
        let mut noise: Vec<f32> = (0..samples.len()).map(|_| normal(random)).collect();
        if let Self::Pink(_) = self {
            colour(&mut noise);
        }
        let ratio = energy(samples) / energy(&noise).max(f64::MIN_POSITIVE);
        let factor = (ratio * 10.0_f64.powf(-decibels / 10.0)).sqrt() as f32;
        if factor.is_finite() {
            samples.iter_mut().zip(&noise).for_each(|(sample, noise)| *sample += factor * noise);
        }
    }
}

fn energy(samples: &[f32]) -> f64 {
    samples.iter().map(|&sample| f64::from(sample).powi(2)).sum()
}

/// Nearly the normal distribution: four of 16 bits each, out of one random number. Exact tails would take ten
/// times as long, and nobody hears them.
fn normal(random: &mut Random) -> f32 {
    let bits = random.next_u64();
    let sum: u64 = (0..4).map(|part| (bits >> (16 * part)) & 0xffff).sum();
    // The sum of four has a deviation of 65536 / sqrt(3).
    (sum as f32 - 131_070.0) * (1.732_050_8 / 65_536.0)
}

/// Makes white noise pink, by three filters of first order side by side (Paul Kellet's, 1999): right within half
/// a decibel above a few thousandths of the rate.
fn colour(noise: &mut [f32]) {
    let mut poles = [0.0_f32; 3];
    for sample in noise {
        let white = *sample;
        for (pole, (keep, add)) in
            poles.iter_mut().zip([(0.997_65, 0.099_046), (0.963, 0.296_516_4), (0.57, 1.052_691_3)])
        {
            *pole = keep * *pole + add * white;
        }
        *sample = poles.iter().sum::<f32>() + 0.1848 * white;
    }
}

#[cfg(test)]
mod tests {
    use any2any_adapter::Seed;

    use super::*;

    #[test]
    fn noise_is_as_loud_as_asked_for() {
        let sound: Vec<f32> = (0..8000).map(|n| 0.5 * (n as f32 * 0.1).sin()).collect();
        for (noise, decibels) in [
            (Noise::White([20.0, 20.0]), 20.0),
            (Noise::Pink([0.0, 0.0]), 0.0),
            (Noise::Pink([-6.0, -6.0]), -6.0),
        ] {
            let mut noisy = sound.clone();
            noise.apply(&mut noisy, &mut Seed(1).random("noise", 0));
            let added: Vec<f32> = noisy.iter().zip(&sound).map(|(noisy, sound)| noisy - sound).collect();
            let found = 10.0 * (energy(&sound) / energy(&added)).log10();
            assert!((found - decibels).abs() < 0.01, "{noise:?}: {found}");
        }
        let mut silence = vec![0.0; 100];
        Noise::White([0.0, 10.0]).apply(&mut silence, &mut Seed(1).random("noise", 0));
        assert_eq!(silence, vec![0.0; 100]);
    }

    #[test]
    fn pink_noise_is_weaker_at_high_frequencies() {
        let mut random = Seed(1).random("noise", 0);
        let mut noise: Vec<f32> = (0..100_000).map(|_| normal(&mut random)).collect();
        assert!((energy(&noise) / 1e5 - 1.0).abs() < 0.02);
        // Differences of neighbours measure what is high: 2 for white noise.
        let roughness = |noise: &[f32]| {
            let steps: Vec<f32> = noise.windows(2).map(|pair| pair[1] - pair[0]).collect();
            energy(&steps) / energy(noise)
        };
        assert!((roughness(&noise) - 2.0).abs() < 0.05);
        colour(&mut noise);
        assert!(roughness(&noise) < 0.6, "{}", roughness(&noise));
    }
}
