//! Six signs in four media: each is written, drawn, sung and felt.
//!
//! A sample is one sign as its word, as a small picture, as two tones, and as a recording of three electrodes with a
//! rhythm of its own. Every pair of media is a task, so that one small model learns to translate between any two of
//! them within minutes, without any file. Pictures differ in place, size and brightness, sounds in pitch, pace and
//! loudness, recordings in strength, and all of them in noise; the sign alone decides what they mean.

use any2any_adapter::{Image, Random, Seed, Signal, Value};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::generator::Columns;

/// Samples of the validation split, and of the test split.
const HELD_OUT: usize = 60;
/// The most samples to train on.
const MOST: usize = 100_000;
/// Pixels along a side of a picture.
const SIDE: usize = 16;
/// Samples a second of a sound, in hertz.
const SOUND_RATE: f64 = 8000.0;
/// Samples a second of a recording, in hertz; it lasts as many samples.
const RECORDING_RATE: f64 = 64.0;
/// The strength of a recording's rhythm and of its noise, in microvolts.
const MICROVOLTS: [f64; 2] = [10.0, 1.5];

/// A sign: its word, its two tones in hertz, its rhythm in hertz.
struct Sign {
    word: &'static str,
    tones: [f64; 2],
    rhythm: f64,
}

const SIGNS: [Sign; 6] = [
    Sign { word: "bar", tones: [400.0, 400.0], rhythm: 5.0 },
    Sign { word: "cross", tones: [400.0, 1600.0], rhythm: 8.0 },
    Sign { word: "ring", tones: [1600.0, 400.0], rhythm: 11.0 },
    Sign { word: "square", tones: [800.0, 800.0], rhythm: 14.0 },
    Sign { word: "wedge", tones: [400.0, 800.0], rhythm: 17.0 },
    Sign { word: "slash", tones: [1600.0, 800.0], rhythm: 21.0 },
];

/// Signs in four media: how many samples, and their seed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Signs {
    /// The samples to train on; 60 more are for validation, and 60 for the test.
    #[schemars(range(min = 1, max = 100_000))]
    pub samples: usize,
    /// Seed of what is drawn.
    pub seed: u64,
}

impl Signs {
    /// Checks the options.
    pub(crate) fn check(&self) -> Result<(), String> {
        match self.samples {
            0 => Err("samples: 0 leaves nothing to train on; give at least 1".to_owned()),
            samples if samples > MOST => Err(format!("samples: {samples} are too many; give at most {MOST}")),
            _ => Ok(()),
        }
    }

    /// The splits, each as the columns `word`, `picture`, `sound` and `recording`.
    pub(crate) fn columns(&self) -> [Columns; 3] {
        [("train", self.samples), ("validation", HELD_OUT), ("test", HELD_OUT)]
            .map(|(split, samples)| self.split(split, samples))
    }

    fn split(&self, split: &str, samples: usize) -> Columns {
        let column = |name: &str, value: fn(usize, &mut Random) -> Value| {
            let values = (0..samples).map(|number| {
                let mut random = Seed(self.seed).random(&format!("signs {split} {name}"), number as u64);
                value(number % SIGNS.len(), &mut random)
            });
            (name.to_owned(), values.collect())
        };
        vec![
            column("word", |sign, _| Value::from(SIGNS[sign].word)),
            column("picture", picture),
            column("sound", sound),
            column("recording", recording),
        ]
    }
}

/// The sign, white on black.
fn picture(sign: usize, random: &mut Random) -> Value {
    let [right, down] = [(); 2].map(|()| 0.2 * (random.unit() - 0.5));
    let size = 0.85 + 0.2 * random.unit();
    let bright = 190.0 + 50.0 * random.unit();
    let mut pixels = Vec::with_capacity(SIDE * SIDE);
    for y in 0..SIDE {
        for x in 0..SIDE {
            let place = |at: usize, shift: f64| ((at as f64 + 0.5) / SIDE as f64 * 2.0 - 1.0 - shift) / size;
            let level = if is_inside(sign, place(x, right), place(y, down)) { bright } else { 15.0 };
            pixels.push((level + 8.0 * random.normal()).clamp(0.0, 255.0) as u8);
        }
    }
    Image::new(SIDE, SIDE, 1, pixels).expect("a pixel for each place").into()
}

/// Whether a place, from -1 to 1 across and downwards, is part of the sign's shape.
fn is_inside(sign: usize, x: f64, y: f64) -> bool {
    let (far, radius) = (x.abs().max(y.abs()), x.hypot(y));
    match sign {
        0 => x.abs() < 0.22 && y.abs() < 0.8,
        1 => (x.abs() < 0.2 || y.abs() < 0.2) && far < 0.8,
        2 => (0.45..0.85).contains(&radius),
        3 => (0.45..0.78).contains(&far),
        4 => (-0.75..0.7).contains(&y) && x.abs() < (y + 0.75) / 1.9,
        _ => (x + y).abs() < 0.34 && far < 0.8,
    }
}

/// The sign's two tones, one after the other.
fn sound(sign: usize, random: &mut Random) -> Value {
    let seconds = 0.24 + 0.06 * random.unit();
    let pitch = 0.96 + 0.08 * random.unit();
    let loud = 0.35 + 0.3 * random.unit();
    let count = (seconds * SOUND_RATE) as usize;
    let mut turns = 0.0;
    let samples: Vec<f32> = (0..count)
        .map(|sample| {
            let half = 2 * sample / count;
            turns += pitch * SIGNS[sign].tones[half] / SOUND_RATE;
            let within = (2 * sample % count) as f64 / count as f64;
            // Each tone swells and fades, or its edges would click.
            let swell = (std::f64::consts::PI * within).sin().sqrt();
            (loud * swell * (std::f64::consts::TAU * turns).sin() + 0.01 * random.normal()) as f32
        })
        .collect();
    Signal::mono(SOUND_RATE, samples).expect("a rate above 0").into()
}

/// The sign's rhythm at three electrodes, in microvolts: strongest in the middle.
fn recording(sign: usize, random: &mut Random) -> Value {
    let strength = 0.8 + 0.4 * random.unit();
    let count = RECORDING_RATE as usize;
    let mut samples = Vec::with_capacity(3 * count);
    for share in [0.6, 1.0, 0.6] {
        for sample in 0..count {
            let turns = SIGNS[sign].rhythm * sample as f64 / RECORDING_RATE;
            let wave = MICROVOLTS[0] * strength * share * (std::f64::consts::TAU * turns).sin();
            samples.push((wave + MICROVOLTS[1] * random.normal()) as f32);
        }
    }
    let electrodes = ["O1", "Oz", "O2"].map(str::to_owned);
    Signal::new(RECORDING_RATE, electrodes, samples).expect("three rows").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> [Columns; 3] {
        Signs { samples: 12, seed: 1 }.columns()
    }

    #[test]
    fn every_sample_is_one_sign_in_four_media() {
        let [train, _, test] = small();
        let names: Vec<&str> = train.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["word", "picture", "sound", "recording"]);
        assert!(train.iter().all(|(_, values)| values.len() == 12));
        assert!(test.iter().all(|(_, values)| values.len() == HELD_OUT));
        let words: Vec<&str> = train[0].1.iter().filter_map(Value::as_text).collect();
        assert_eq!(words[..7], ["bar", "cross", "ring", "square", "wedge", "slash", "bar"]);
    }

    #[test]
    fn the_same_seed_draws_the_same_and_no_two_samples_are_alike() {
        assert_eq!(small(), small());
        let [train, _, test] = small();
        for column in 1..4 {
            assert_ne!(train[column].1[0], train[column].1[6], "two bars differ");
            assert_ne!(train[column].1[0], test[column].1[0], "splits differ");
        }
    }

    #[test]
    fn a_picture_shows_its_sign() {
        let [train, ..] = small();
        let middle = |sign: usize| {
            let Value::Image(image) = &train[1].1[sign] else { panic!("a picture") };
            image.pixels()[SIDE * SIDE / 2 + SIDE / 2]
        };
        assert!(middle(0) > 128 && middle(1) > 128, "bar and cross cover the middle");
        assert!(middle(2) < 128 && middle(3) < 128, "ring and square leave it free");
    }

    #[test]
    fn impossible_options_are_refused() {
        assert!(Signs { samples: 0, seed: 1 }.check().is_err());
        assert!(Signs { samples: MOST + 1, seed: 1 }.check().is_err());
        assert!(Signs { samples: 1, seed: 1 }.check().is_ok());
    }
}
