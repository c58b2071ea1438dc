//! SpecAugment: masks over spans of time and bands of frequency (Park et al. 2019).

use any2any_adapter::Random;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// SpecAugment: spans of time and bands of frequency that are masked. Masked values become the mean of their column.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SpecAugment {
    /// Number of masked spans of time.
    #[schemars(range(min = 0, max = 64))]
    pub time_masks: usize,
    /// Longest length of a span, in frames.
    #[schemars(range(min = 0, max = 10_000))]
    pub time_width: usize,
    /// The largest share of a sound that one span masks, so that short sounds stay recognisable.
    #[schemars(range(min = 0, max = 1))]
    pub time_share: f64,
    /// Number of masked bands of frequency.
    #[schemars(range(min = 0, max = 64))]
    pub frequency_masks: usize,
    /// Greatest width of a band, in bands of the mel scale.
    #[schemars(range(min = 0, max = 512))]
    pub frequency_width: usize,
}

impl Default for SpecAugment {
    fn default() -> Self {
        Self { time_masks: 2, time_width: 40, time_share: 0.2, frequency_masks: 2, frequency_width: 8 }
    }
}

impl SpecAugment {
    /// Masks parts of frames; if frames have differences over time, these are masked with their band.
    ///
    /// # Shapes
    ///
    /// - frames: `[frames, parts * bands]`, row-major
    pub(crate) fn apply(&self, frames: &mut [f32], width: usize, bands: usize, random: &mut Random) {
        let count = frames.len() / width.max(1);
        let mut means = vec![0.0; width];
        for frame in frames.chunks_exact(width) {
            means.iter_mut().zip(frame).for_each(|(sum, value)| *sum += value);
        }
        means.iter_mut().for_each(|sum| *sum /= count as f32);

        let most = self.time_width.min((self.time_share * count as f64) as usize);
        for _ in 0..self.time_masks {
            let hidden = random.below(most + 1);
            let start = random.below(count - hidden + 1);
            for frame in frames[start * width..(start + hidden) * width].chunks_exact_mut(width) {
                frame.copy_from_slice(&means);
            }
        }
        for _ in 0..self.frequency_masks {
            let hidden = random.below(self.frequency_width.min(bands) + 1);
            let start = random.below(bands - hidden + 1);
            for frame in frames.chunks_exact_mut(width) {
                for (part, means) in frame.chunks_exact_mut(bands).zip(means.chunks_exact(bands)) {
                    part[start..start + hidden].copy_from_slice(&means[start..start + hidden]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use any2any_adapter::Seed;

    use super::*;

    /// Frames of which no two values are the same, and none is the mean of its column.
    fn frames(count: usize, width: usize) -> Vec<f32> {
        (0..count * width).map(|number| (number as f32).powf(1.1) + 0.5).collect()
    }

    #[test]
    fn no_more_is_hidden_than_is_allowed() {
        let masks = SpecAugment { time_width: 7, frequency_width: 3, ..SpecAugment::default() };
        let original = frames(50, 20);
        let mut changed = 0;
        for step in 0..50 {
            let mut masked = original.clone();
            masks.apply(&mut masked, 20, 10, &mut Seed(1).random("masks", step));
            let differs =
                |row: usize, column: usize| masked[row * 20 + column] != original[row * 20 + column];
            let rows = (0..50).filter(|&row| (0..20).all(|column| differs(row, column))).count();
            let columns: Vec<usize> =
                (0..20).filter(|&column| (0..50).all(|row| differs(row, column))).collect();
            assert!(rows <= 14 && columns.len() <= 12, "{rows} rows, columns {columns:?}");
            // A band is hidden in all its parts.
            assert!(columns.iter().all(|column| columns.contains(&((column + 10) % 20))));
            changed += usize::from(masked != original);
        }
        assert!(changed > 45);
    }

    #[test]
    fn short_sounds_keep_most_of_their_time() {
        let masks =
            SpecAugment { time_masks: 1, time_width: 100, frequency_masks: 0, ..SpecAugment::default() };
        for count in 1..12 {
            let original = frames(count, 4);
            for step in 0..20 {
                let mut masked = original.clone();
                masks.apply(&mut masked, 4, 4, &mut Seed(1).random("masks", step));
                let rows = masked.chunks(4).zip(original.chunks(4)).filter(|(a, b)| a != b).count();
                assert!(rows <= count / 5, "{rows} of {count}");
            }
        }
    }
}
