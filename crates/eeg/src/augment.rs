//! Augmentation: random changes of training samples.

use any2any_adapter::Random;

use crate::features::{Extractor, Grid};
use crate::options::Augment;
use crate::preprocessing::moments;

/// A random shift of an epoch within its margin, in samples.
pub(crate) fn shift(margin: usize, random: &mut Random) -> isize {
    random.below(2 * margin + 1) as isize - margin as isize
}

/// Changes samples in place: louder or softer, and noisier.
///
/// # Shapes
///
/// - samples: `[channels][samples]`
pub(crate) fn samples(options: &Augment, samples: &mut [Vec<f32>], random: &mut Random) {
    for channel in samples {
        let factor = 1.0 + options.amplitude * (2.0 * random.unit() - 1.0);
        let noise = options.noise * moments(channel).1;
        if options.amplitude > 0.0 {
            channel.iter_mut().for_each(|value| *value = (f64::from(*value) * factor) as f32);
        }
        if noise > 0.0 {
            channel.iter_mut().for_each(|value| *value += (noise * random.normal()) as f32);
        }
    }
}

/// Masks channels and a band of frequencies: their features become 0, the mean where they are normalised.
pub(crate) fn grid(options: &Augment, grid: &mut Grid, extractor: &Extractor, random: &mut Random) {
    let silent: Vec<bool> = (0..grid.channels).map(|_| random.unit() < options.channel_dropout).collect();
    // At least one channel stays; features of all channels together have no channel that could be masked.
    let silent = if silent.iter().all(|silent| *silent) { vec![false; silent.len()] } else { silent };
    let hidden = match extractor.frequencies() {
        Some((low, high)) if options.frequency_mask > 0.0 => {
            let width = options.frequency_mask * random.unit();
            let start = low + (high - low) * random.unit();
            extractor.between(start - width / 2.0, start + width / 2.0)
        }
        _ => 0..0,
    };
    for (number, block) in grid.values.chunks_exact_mut(grid.block).enumerate() {
        if silent[number % silent.len()] {
            block.fill(0.0);
        } else {
            block[hidden.clone()].fill(0.0);
        }
    }
}
