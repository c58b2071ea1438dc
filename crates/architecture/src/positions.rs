//! Ways to tell positions apart.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A way to tell positions apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
// The positions that an experiment chooses by one word have the name that this would have.
#[schemars(rename = "StackPositions")]
pub enum Positions {
    /// Not at all, or by the order of recurrent steps.
    #[default]
    None,
    /// Sines and cosines added to the embeddings (Vaswani et al. 2017, section 3.5).
    Sinusoidal {
        /// The order of sines and cosines.
        layout: WaveLayout,
        /// The number of the first position.
        #[serde(default)]
        offset: usize,
    },
    /// A learned vector for each position.
    Learned {
        /// The number of vectors; later positions share the last one.
        limit: usize,
        /// The vector of the first position.
        #[serde(default)]
        offset: usize,
    },
    /// Queries and keys of self-attention rotated by their position (Su et al. 2021, "RoFormer").
    Rotary,
    /// A penalty on self-attention that grows with the distance (Press et al. 2022, "Train Short, Test Long").
    Alibi,
    /// A learned bias of self-attention for each head and bucket of distances, shared by all layers of the stack
    /// (Raffel et al. 2020, "T5").
    Relative {
        /// The number of buckets, of both directions together.
        buckets: usize,
        /// The distance from which all fall into the last bucket.
        max_distance: usize,
    },
}

/// The order of sines and cosines in a sinusoidal position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaveLayout {
    /// A sine at even and its cosine at odd places, as in the paper.
    #[default]
    Interleaved,
    /// Sines in the first half, cosines in the second, with the paper's frequencies, as in Hugging Face's MarianMT.
    HalfSplit,
    /// Sines in the first half, cosines in the second, the frequencies a geometric sequence from 1 to 1/10000 with
    /// both ends, as in tensor2tensor, Marian, Whisper and M2M-100.
    HalfSplitClosed,
}

impl Positions {
    /// The paper's sines and cosines.
    pub const SINUSOIDAL: Self = Self::Sinusoidal { layout: WaveLayout::Interleaved, offset: 0 };

    /// The number of positions of which each has a vector of its own, where they are learned; `None` where any number
    /// has.
    pub fn limit(&self) -> Option<usize> {
        match *self {
            Self::Learned { limit, offset } => Some(limit.saturating_sub(offset)),
            _ => None,
        }
    }
}

/// The row of a position in a table of learned vectors, `[limit, d_model]`, whose first position has row `offset`.
pub fn learned_row(position: usize, limit: usize, offset: usize) -> usize {
    (position + offset).min(limit - 1)
}

/// The penalty of a step of distance for each head, `[heads]`: `2^(-8 (head + 1) / heads)`, the geometric sequence of
/// the ALiBi paper.
pub fn alibi_slopes(heads: usize) -> Vec<f32> {
    (1..=heads).map(|head| (-8.0 * head as f32 / heads as f32).exp2()).collect()
}

/// Sinusoidal vectors of consecutive positions, `[positions, d_model]`.
pub fn sinusoidal(layout: WaveLayout, positions: Range<usize>, d_model: usize) -> Vec<f32> {
    let waves = d_model.div_ceil(2);
    let frequency = |wave: usize| match layout {
        WaveLayout::Interleaved | WaveLayout::HalfSplit => {
            10_000_f64.powf(-((2 * wave) as f64) / d_model as f64)
        }
        WaveLayout::HalfSplitClosed => 10_000_f64.powf(-(wave as f64) / (waves.max(2) - 1) as f64),
    };
    let frequencies: Vec<f64> = (0..waves).map(frequency).collect();
    let mut values = Vec::with_capacity(positions.len() * d_model);
    for position in positions {
        let angles = frequencies.iter().map(|frequency| (position as f64 * frequency).sin_cos());
        match layout {
            WaveLayout::Interleaved => {
                values.extend(angles.flat_map(|(sin, cos)| [sin as f32, cos as f32]).take(d_model));
            }
            WaveLayout::HalfSplit | WaveLayout::HalfSplitClosed => {
                values.extend(angles.clone().map(|(sin, _)| sin as f32));
                values.extend(angles.map(|(_, cos)| cos as f32).take(d_model - waves));
            }
        }
    }
    values
}

/// The bucket of a distance from a query to a key (key minus query), as T5 has it: half of the buckets for short
/// distances one by one, the others for longer ones logarithmically. Of `both` directions, later keys have buckets of
/// their own; otherwise they share that of distance 0.
pub fn relative_bucket(distance: isize, both: bool, buckets: usize, max_distance: usize) -> usize {
    let (buckets, first) = match (both, distance > 0) {
        (false, _) => (buckets, 0),
        (true, later) => (buckets / 2, if later { buckets / 2 } else { 0 }),
    };
    let distance = if both { distance.unsigned_abs() } else { (-distance).max(0) as usize };
    let exact = buckets / 2;
    if distance < exact {
        return first + distance;
    }
    // In 32-bit floats, as in the reference: a bucket's edge may fall on a whole distance.
    let ratio = (distance as f32 / exact as f32).ln() / ((max_distance as f64 / exact as f64).ln() as f32);
    let further = (ratio * (buckets - exact) as f32) as usize;
    first + (exact + further).min(buckets - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sinusoidal_follows_the_formula() {
        let paper = |positions, d_model| sinusoidal(WaveLayout::Interleaved, positions, d_model);
        let values = paper(3..4, 4);
        assert_eq!(paper(2..5, 4)[4..8], values);
        assert_eq!(paper(3..4, 3)[..2], values[..2]);
        let expected = [3_f32.sin(), 3_f32.cos(), 0.03_f32.sin(), 0.03_f32.cos()];
        for (value, expected) in values.iter().zip(expected) {
            assert!((value - expected).abs() < 1e-6, "{value} is not {expected}");
        }
        let split = sinusoidal(WaveLayout::HalfSplit, 3..4, 4);
        assert_eq!(split, [values[0], values[2], values[1], values[3]]);
        // The last frequency is 1/10000 itself.
        let ends = sinusoidal(WaveLayout::HalfSplitClosed, 3..4, 6);
        assert_eq!([ends[2], ends[5]], [0.0003_f64.sin() as f32, 0.0003_f64.cos() as f32]);
    }

    #[test]
    fn alibi_slopes_are_the_papers() {
        assert_eq!(alibi_slopes(8), [0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625, 0.0078125, 0.00390625]);
    }

    /// From the formula with 32 buckets and 128 as the longest distance.
    #[test]
    fn buckets_are_exact_and_then_logarithmic() {
        let both = |distance| relative_bucket(distance, true, 32, 128);
        assert_eq!([0, -1, -7, -8, -11, -12, -127, -5000].map(both), [0, 1, 7, 8, 8, 9, 15, 15]);
        assert_eq!([1, 7, 8, 200].map(both), [17, 23, 24, 31]);
        let past = |distance| relative_bucket(distance, false, 32, 128);
        assert_eq!([5, 0, -1, -15, -16, -18, -19, -128].map(past), [0, 0, 1, 15, 16, 16, 17, 31]);
    }
}
