//! Sounds of texts: every letter is two tones at once, as on the keys of a telephone, so that a text can be heard again.

use std::f64::consts::TAU;

use any2any_adapter::Seed;

use crate::{english, grammar};

/// The rate of the sounds, in samples a second.
pub const SPELLED_RATE: u32 = 16_000;

/// The lower tones, in hertz, each a little more than a fifth above the one before.
const LOWER: [f64; 6] = [220.0, 330.0, 480.0, 700.0, 1010.0, 1450.0];

/// The higher tones, in hertz.
const HIGHER: [f64; 6] = [2000.0, 2480.0, 3050.0, 3750.0, 4600.0, 5700.0];

/// Duration of a letter in seconds, before a speaker is faster or slower.
const LETTER: f64 = 0.07;

/// A text and its sound, by its number: one to four sentences of the little grammar, spelled by one of many speakers, who
/// differ in tempo, pitch and loudness, over some noise. Samples of 16 bits at [`SPELLED_RATE`].
///
/// ```
/// let (text, sound) = any2any_synthetic::spelled(7, 0);
/// assert!(text.ends_with('.') || text.ends_with('?'));
/// assert_eq!(any2any_synthetic::spelled(7, 0).1, sound);
/// ```
pub fn spelled(seed: u64, number: u64) -> (String, Vec<i16>) {
    let mut random = Seed(seed).random("spelled sounds", number);
    let sentences: Vec<String> =
        (0..=random.below(4)).map(|_| english::sentence(&grammar::sentence(&mut random))).collect();
    let text = sentences.join(" ");
    let (tempo, pitch) = (0.8 + 0.4 * random.unit(), 0.94 + 0.12 * random.unit());
    let (loudness, noise) = (0.1 + 0.3 * random.unit(), 0.002 + 0.02 * random.unit());
    let length = (LETTER / tempo * f64::from(SPELLED_RATE)) as usize;
    let mut sound = Vec::with_capacity(text.len() * length);
    for letter in text.bytes() {
        let tones = tones(letter);
        for at in 0..length {
            let seconds = at as f64 / f64::from(SPELLED_RATE);
            // Raised and lowered, so that letters do not click.
            let swell = (std::f64::consts::PI * at as f64 / length as f64).sin();
            let tone = tones.map_or(0.0, |tones| {
                tones.iter().map(|tone| (TAU * tone * pitch * seconds).sin()).sum::<f64>() / 2.0
            });
            let level = loudness * swell * tone + noise * (2.0 * random.unit() - 1.0);
            sound.push((level * f64::from(i16::MAX)) as i16);
        }
    }
    (text, sound)
}

/// The two tones of a letter, whose case cannot be heard; a space is silence, and so are all others.
fn tones(letter: u8) -> Option<[f64; 2]> {
    let known = b"abcdefghijklmnopqrstuvwxyz.?!,:;'-0123456789";
    let place = known.iter().position(|known| *known == letter.to_ascii_lowercase())? % 36;
    Some([LOWER[place / 6], HIGHER[place % 6]])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn letters_sound_unlike_each_other_and_texts_are_heard_for_seconds() {
        let letters: Vec<[f64; 2]> = (b'a'..=b'z').filter_map(tones).collect();
        let distinct: BTreeSet<String> = letters.iter().map(|tones| format!("{tones:?}")).collect();
        assert_eq!((letters.len(), distinct.len()), (26, 26));
        assert_eq!(tones(b' '), None);
        let seconds: Vec<f64> =
            (0..200).map(|number| spelled(1, number).1.len() as f64 / f64::from(SPELLED_RATE)).collect();
        let mean = seconds.iter().sum::<f64>() / seconds.len() as f64;
        assert!((4.0..12.0).contains(&mean), "{mean}");
        assert!(seconds.iter().all(|seconds| (0.5..30.0).contains(seconds)), "{seconds:?}");
        assert_ne!(spelled(1, 0), spelled(2, 0));
    }
}
