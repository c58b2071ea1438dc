//! Mel cepstra of sounds: the coarse shape of a spectrum, as ears divide frequencies (Davis and Mermelstein, "Comparison
//! of parametric representations for monosyllabic word recognition", 1980).

use any2any_adapter::Signal;

use super::short_time::{ShortTime, decibels, floor, mean};
use super::warping::Features;

/// The number of triangular bands, from 0 Hz to half the rate.
const BANDS: usize = 24;

/// The number of coefficients that are kept, the first of which is the loudness. Those behind them are pitch.
const COEFFICIENTS: usize = 13;

/// The mel cepstra of a hypothesis and its reference, the channels of a frame beside each other.
///
/// They are the orthonormal cosine transform of the bands' decibels, over the square root of the number of bands and
/// channels: the Euclidean distance of two frames is the root mean square over bands and channels of how many decibels
/// two smooth spectra differ.
pub(super) fn mel_cepstra(hypothesis: &Signal, reference: &Signal) -> [Features; 2] {
    let mut spectra = ShortTime::new(reference.rate());
    let filters = filters(reference.rate(), spectra.size());
    let cosines = cosines();
    let channels = reference.channels().len();
    let width = channels * COEFFICIENTS;
    let mut both = [hypothesis, reference]
        .map(|signal| Features { width, values: vec![0.0; width * spectra.frames(signal.len())] });
    for channel in 0..channels {
        let level = mean(reference.channel(channel));
        let energies = [hypothesis, reference]
            .map(|signal| energies(&mut spectra, &filters, signal.channel(channel), level));
        let peak = |at: usize| energies[at].as_flattened().iter().copied().fold(0.0, f64::max);
        // Two flat channels are equal, whatever counts as silence.
        let floor = floor(peak(1), || peak(0)).unwrap_or(1.0);
        for (features, energies) in both.iter_mut().zip(&energies) {
            for (frame, bands) in features.values.chunks_exact_mut(width).zip(energies) {
                let levels = bands.map(|energy| decibels(energy, floor) / ((BANDS * channels) as f64).sqrt());
                let place = &mut frame[channel * COEFFICIENTS..][..COEFFICIENTS];
                for (coefficient, cosines) in place.iter_mut().zip(&cosines) {
                    *coefficient = cosines.iter().zip(levels).map(|(cosine, level)| cosine * level).sum();
                }
            }
        }
    }
    both
}

/// The energy of every band in every frame of a channel.
fn energies(spectra: &mut ShortTime, filters: &[Vec<f64>], channel: &[f32], level: f64) -> Vec<[f64; BANDS]> {
    let frames = spectra.frames(channel.len());
    let frame = |frame| {
        let mut energies = [0.0; BANDS];
        for (power, weights) in spectra.powers(channel, level, frame).zip(filters) {
            energies.iter_mut().zip(weights).for_each(|(energy, weight)| *energy += weight * power);
        }
        energies
    };
    (0..frames).map(frame).collect()
}

/// The weights of each frequency in the bands: triangles with a peak of 1, whose corners are evenly spaced in mels.
fn filters(rate: f64, size: usize) -> Vec<Vec<f64>> {
    let mel = |hertz: f64| 2595.0 * (1.0 + hertz / 700.0).log10();
    let hertz = |mel: f64| 700.0 * (10.0_f64.powf(mel / 2595.0) - 1.0);
    let corner = |number: usize| hertz(mel(rate / 2.0) * number as f64 / (BANDS + 1) as f64);
    let weight = |frequency: f64, band: usize| {
        let [low, middle, high] = [0, 1, 2].map(|next| corner(band + next));
        ((frequency - low) / (middle - low)).min((high - frequency) / (high - middle)).max(0.0)
    };
    let frequencies = (0..=size / 2).map(|bin| bin as f64 * rate / size as f64);
    frequencies.map(|frequency| (0..BANDS).map(|band| weight(frequency, band)).collect()).collect()
}

/// The first rows of the orthonormal cosine transform (DCT-II).
fn cosines() -> [[f64; BANDS]; COEFFICIENTS] {
    let bands = BANDS as f64;
    let cosine = |row: usize, band: usize| {
        let scale = (if row == 0 { 1.0 } else { 2.0 } / bands).sqrt();
        scale * (std::f64::consts::PI * row as f64 * (band as f64 + 0.5) / bands).cos()
    };
    std::array::from_fn(|row| std::array::from_fn(|band| cosine(row, band)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_band_of_every_rate_hears_something() {
        for rate in [4000.0, 4001.0, 6000.0, 8000.0, 11_025.0, 16_000.0, 22_050.0, 44_100.0, 48_000.0, 1e6] {
            let filters = filters(rate, ShortTime::new(rate).size());
            let heaviest = |band: usize| filters.iter().map(|weights| weights[band]).fold(0.0, f64::max);
            assert!((0..BANDS).all(|band| heaviest(band) > 0.2), "{rate}");
            let sum = |weights: &Vec<f64>| weights.iter().sum::<f64>();
            assert!(
                filters.iter().all(|weights| sum(weights) < 1.0 + 1e-9),
                "{rate}: triangles overlap by half"
            );
        }
    }

    #[test]
    fn a_gain_is_its_decibels_in_the_loudness_alone() {
        // Noise has no band near the floor; its second half takes the first back, so that the mean is 0.
        let mut state = 1_u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as f32 / 32_768.0 - 1.0
        };
        let first: Vec<f32> = (0..2000).map(|_| noise()).collect();
        let samples: Vec<f32> = first.iter().copied().chain(first.iter().map(|sample| -sample)).collect();
        let signal = |gain: f32| {
            let channels = samples.iter().chain(&samples).map(|sample| gain * sample).collect::<Vec<f32>>();
            Signal::new(8000.0, ["left".to_owned(), "right".to_owned()], channels).expect("two channels")
        };
        let [half, whole] = mel_cepstra(&signal(0.5), &signal(1.0));
        assert_eq!((half.width, half.len(), whole.len()), (26, 63, 63));
        for (half, whole) in half.values.chunks(26).zip(whole.values.chunks(26)) {
            let differences: Vec<f64> = half.iter().zip(whole).map(|(half, whole)| whole - half).collect();
            let distance = differences.iter().map(|difference| difference.powi(2)).sum::<f64>().sqrt();
            assert!((distance - 20.0 * 2.0_f64.log10()).abs() < 1e-9, "{distance}");
            assert!((differences[0] - differences[13]).abs() < 1e-9, "{differences:?}");
        }
    }

    #[test]
    fn cosines_are_orthonormal() {
        let rows = cosines();
        for (one, row) in rows.iter().enumerate() {
            for (other, second) in rows.iter().enumerate() {
                let product: f64 = row.iter().zip(second).map(|(a, b)| a * b).sum();
                assert!((product - f64::from(u8::from(one == other))).abs() < 1e-12, "{one} {other}");
            }
        }
    }
}
