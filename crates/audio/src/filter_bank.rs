//! Triangles on the mel scale that gather the bins of a spectrum into bands (Davis and Mermelstein 1980).

use crate::mel::{Mel, Norm};

/// Overlapping triangles, each kept from its first bin that counts to its last.
///
/// # Shapes
///
/// - as a matrix: `[bands, bins]`
#[derive(Clone, Debug)]
pub(crate) struct FilterBank {
    bins: usize,
    bands: Vec<Band>,
}

/// Triangular filter of one band.
#[derive(Clone, Debug)]
struct Band {
    first: usize,
    weights: Vec<f32>,
}

impl FilterBank {
    /// The triangles of some options, the same as those of `librosa.filters.mel`.
    pub(crate) fn new(mel: &Mel, rate: usize) -> Self {
        let fft = mel.fft_samples(rate);
        let bins = fft / 2 + 1;
        let (low, high) = (mel.scale.mels(mel.low), mel.scale.mels(mel.high_hertz(rate)));
        let step = (high - low) / (mel.bands + 1) as f64;
        let corner = |number: usize| mel.scale.hertz(low + step * number as f64);
        let hertz = |bin: usize| bin as f64 * rate as f64 / fft as f64;
        let band = |number: usize| {
            let [left, top, right] = [0, 1, 2].map(|side| corner(number + side));
            let height = match mel.norm {
                Norm::None => 1.0,
                Norm::Slaney => 2.0 / (right - left),
            };
            let weight = |bin: usize| {
                let rising = (hertz(bin) - left) / (top - left);
                let falling = (right - hertz(bin)) / (right - top);
                (rising.min(falling).max(0.0) * height) as f32
            };
            let first = (0..bins).find(|&bin| weight(bin) > 0.0).unwrap_or(bins);
            let weights = (first..bins).map(weight).take_while(|&weight| weight > 0.0).collect();
            Band { first, weights }
        };
        Self { bins, bands: (0..mel.bands).map(band).collect() }
    }

    pub(crate) fn bins(&self) -> usize {
        self.bins
    }

    pub(crate) fn bands(&self) -> usize {
        self.bands.len()
    }

    /// The first band that gathers nothing, because it lies between two bins.
    pub(crate) fn empty(&self) -> Option<usize> {
        self.bands.iter().position(|band| band.weights.is_empty())
    }

    /// Gathers the bins of one frame into bands.
    pub(crate) fn gather(&self, spectrum: &[f32], bands: &mut [f32]) {
        for (value, band) in bands.iter_mut().zip(&self.bands) {
            let bins = &spectrum[band.first.min(self.bins)..];
            *value = band.weights.iter().zip(bins).map(|(weight, bin)| weight * bin).sum();
        }
    }

    /// Spreads bands over their bins: the transposed matrix.
    pub(crate) fn spread(&self, bands: &[f32], spectrum: &mut [f32]) {
        spectrum.fill(0.0);
        for (value, band) in bands.iter().zip(&self.bands) {
            let bins = &mut spectrum[band.first.min(self.bins)..];
            bins.iter_mut().zip(&band.weights).for_each(|(bin, weight)| *bin += weight * value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mel::Scale;

    #[test]
    fn triangles_add_up_between_the_outer_tops() {
        let mel = Mel { bands: 20, low: 0.0, ..Mel::default() };
        let bank = FilterBank::new(&mel, 8000);
        let mut spectrum = vec![0.0; bank.bins()];
        bank.spread(&[1.0; 20], &mut spectrum);
        // Neighbours cross at one half: every bin between the first top and the last belongs to two bands.
        assert!(spectrum[5..110].iter().all(|sum| (sum - 1.0).abs() < 1e-5), "{spectrum:?}");
        assert_eq!(bank.empty(), None);
    }

    #[test]
    fn gathering_and_spreading_are_transposed() {
        let mel = Mel { bands: 13, scale: Scale::Slaney, norm: Norm::Slaney, ..Mel::default() };
        let bank = FilterBank::new(&mel, 16_000);
        let spectrum: Vec<f32> = (0..bank.bins()).map(|bin| (bin % 7) as f32).collect();
        let bands: Vec<f32> = (0..bank.bands()).map(|band| (band % 3) as f32).collect();
        let (mut gathered, mut spread) = (vec![0.0; 13], vec![0.0; bank.bins()]);
        bank.gather(&spectrum, &mut gathered);
        bank.spread(&bands, &mut spread);
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum::<f64>();
        assert!((dot(&gathered, &bands) - dot(&spectrum, &spread)).abs() < 1e-4);
    }

    #[test]
    fn bands_between_two_bins_are_found() {
        let mel = Mel { bands: 128, ..Mel::default() };
        assert!(FilterBank::new(&mel, 8000).empty().is_some());
    }
}
