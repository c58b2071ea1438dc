//! Log-mel frames of a sound.

use std::borrow::Cow;

use crate::deltas;
use crate::error::AudioError;
use crate::filter_bank::FilterBank;
use crate::mel::Logarithm;
use crate::options::AudioOptions;
use crate::spectrum::Spectrum;

/// The most values of one sequence.
const MOST_VALUES: usize = 1 << 28;

/// Extractor of log-mel frames, with its tables prepared once.
pub(crate) struct Features {
    pub(crate) spectrum: Spectrum,
    pub(crate) bank: FilterBank,
    /// Exponent of the magnitudes that are summed over a band: 1, magnitudes; 2, energies.
    pub(crate) power: u32,
    pub(crate) floor: f32,
    pub(crate) logarithm: Logarithm,
    /// Number of samples that every sound gets.
    padded: Option<usize>,
    deltas: bool,
}

impl Features {
    pub(crate) fn new(options: &AudioOptions) -> Self {
        Self {
            spectrum: Spectrum::new(&options.mel, options.rate),
            bank: FilterBank::new(&options.mel, options.rate),
            power: options.mel.power,
            floor: options.mel.floor as f32,
            logarithm: options.mel.logarithm,
            padded: options.padded(),
            deltas: options.deltas,
        }
    }

    /// Number of values of a frame.
    pub(crate) fn width(&self) -> usize {
        self.bank.bands() * if self.deltas { 3 } else { 1 }
    }

    /// The frames of a sound.
    ///
    /// # Shapes
    ///
    /// - frames: `[frames, width]`, row-major
    pub(crate) fn frames(&self, samples: &[f32]) -> Result<Vec<f32>, AudioError> {
        let samples = self.padded(samples);
        self.check(samples.len())?;
        let bands = self.log_mel(&samples);
        Ok(if self.deltas { deltas::with_deltas(&bands, self.bank.bands()) } else { bands })
    }

    /// A sound of the duration that every one gets.
    fn padded<'s>(&self, samples: &'s [f32]) -> Cow<'s, [f32]> {
        match self.padded {
            None => Cow::Borrowed(samples),
            Some(len) if len <= samples.len() => Cow::Borrowed(&samples[..len]),
            Some(len) => {
                let mut padded = Vec::with_capacity(len);
                padded.extend_from_slice(samples);
                padded.resize(len, 0.0);
                Cow::Owned(padded)
            }
        }
    }

    /// Checks that a sound of so many samples fits into a sequence.
    fn check(&self, samples: usize) -> Result<(), AudioError> {
        let (frames, width) = (self.spectrum.frames(samples), self.width());
        match frames.checked_mul(width) {
            Some(values) if values <= MOST_VALUES => Ok(()),
            _ => Err(AudioError::TooManyFrames { frames, width }),
        }
    }

    /// The logarithms of the bands.
    fn log_mel(&self, samples: &[f32]) -> Vec<f32> {
        let width = self.bank.bands();
        let mut values = vec![0.0; self.spectrum.frames(samples.len()) * width];
        let mut bins = vec![0.0; self.bank.bins()];
        self.spectrum.analyse(samples, |frame, spectrum| {
            let bins_of_frame = bins.iter_mut().zip(spectrum);
            match self.power {
                1 => bins_of_frame.for_each(|(bin, value)| *bin = value.norm()),
                _ => bins_of_frame.for_each(|(bin, value)| *bin = value.norm_sqr()),
            }
            let bands = &mut values[frame * width..][..width];
            self.bank.gather(&bins, bands);
            bands.iter_mut().for_each(|band| *band = self.logarithm.of(band.max(self.floor)));
        });
        values
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn features(options: serde_json::Value) -> Features {
        Features::new(&serde_json::from_value(options).expect("options"))
    }

    #[test]
    fn silence_is_the_floor_and_twice_as_loud_is_four_times_the_energy() {
        let features = features(json!({ "field": "sound", "rate": 8000 }));
        let silence = features.frames(&[0.0; 800]).expect("short");
        assert_eq!(silence.len(), 11 * 40);
        assert!(silence.iter().all(|value| (value - 1e-6_f32.ln()).abs() < 1e-5));

        let soft: Vec<f32> = (0..800).map(|n| ((n * n) as f32 * 0.01).sin() * 0.25).collect();
        let loud: Vec<f32> = soft.iter().map(|sample| 2.0 * sample).collect();
        let (soft, loud) = (features.frames(&soft).expect("short"), features.frames(&loud).expect("short"));
        for (soft, loud) in soft.iter().zip(&loud).filter(|(soft, _)| **soft > -10.0) {
            assert!((loud - soft - 4.0_f32.ln()).abs() < 1e-3, "{soft} {loud}");
        }
    }

    #[test]
    fn too_many_frames_are_an_error() {
        let features = features(json!({ "field": "sound", "mel": { "hop": 0.0005 }, "deltas": true }));
        assert_eq!(features.width(), 120);
        features.check(3600 * 16_000 / 4).expect("a quarter of an hour");
        let found = features.check(3600 * 16_000);
        assert!(matches!(found, Err(AudioError::TooManyFrames { width: 120, .. })), "{found:?}");
    }
}
