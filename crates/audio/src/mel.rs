//! The mel scale, on which equal steps sound equally far apart, and the options of its bands.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Mel spectrogram: the energy of a sound in bands of the mel scale over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Mel {
    /// Number of bands of a frame.
    #[schemars(range(min = 1, max = 512))]
    pub bands: usize,
    /// Length of a frame's Hann window, in seconds.
    #[schemars(range(min = 0.001, max = 1))]
    pub window: f64,
    /// Hop from one frame to the next, in seconds.
    #[schemars(range(min = 0.0005, max = 1))]
    pub hop: f64,
    /// The length of the Fourier transform in samples, even; left out: the next power of two from the window on.
    #[schemars(range(min = 2, max = 262_144))]
    pub fft: Option<usize>,
    /// Lower end of the lowest band, in hertz.
    #[schemars(range(min = 0, max = 96_000))]
    pub low: f64,
    /// Upper end of the highest band, in hertz; left out: half the rate.
    #[schemars(range(min = 1, max = 96_000))]
    pub high: Option<f64>,
    /// Mel scale of the bands.
    pub scale: Scale,
    /// Weighting of bands among each other.
    pub norm: Norm,
    /// Exponent of the magnitudes that are summed over a band: 1, magnitudes; 2, energies.
    #[schemars(range(min = 1, max = 2))]
    pub power: u32,
    /// Least sum of a band: smaller sums count as this before the logarithm is taken.
    #[schemars(range(min = 1e-30, max = 1))]
    pub floor: f64,
    /// Base of the logarithm of the sums.
    pub logarithm: Logarithm,
    /// Continuation of a sound beyond its ends, for windows that reach over them.
    pub padding: Padding,
    /// Leave out the last frame, whose window is centred behind the last whole hop: a sound then has as many frames as
    /// whole hops, and at least one.
    pub drop_last: bool,
}

impl Default for Mel {
    fn default() -> Self {
        Self {
            bands: 40,
            window: 0.025,
            hop: 0.01,
            fft: None,
            low: 20.0,
            high: None,
            scale: Scale::Htk,
            norm: Norm::None,
            power: 2,
            floor: 1e-6,
            logarithm: Logarithm::Natural,
            padding: Padding::Zeros,
            drop_last: false,
        }
    }
}

impl Mel {
    /// The window in samples.
    pub(crate) fn window_samples(&self, rate: usize) -> usize {
        samples(self.window, rate)
    }

    /// The hop in samples.
    pub(crate) fn hop_samples(&self, rate: usize) -> usize {
        samples(self.hop, rate)
    }

    /// The length of the Fourier transform in samples.
    pub(crate) fn fft_samples(&self, rate: usize) -> usize {
        self.fft.unwrap_or_else(|| self.window_samples(rate).max(2).next_power_of_two())
    }

    /// The upper end of the highest band in hertz.
    pub(crate) fn high_hertz(&self, rate: usize) -> f64 {
        self.high.unwrap_or(rate as f64 / 2.0)
    }
}

/// A duration in whole samples, at least one.
pub(crate) fn samples(seconds: f64, rate: usize) -> usize {
    ((seconds * rate as f64).round() as usize).max(1)
}

/// A mel scale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Scale {
    /// Logarithmic throughout (O'Shaughnessy 1987), as in HTK, Kaldi and torchaudio.
    #[default]
    Htk,
    /// Linear below 1000 Hz and logarithmic above, as in Slaney's Auditory Toolbox (1998) and librosa.
    Slaney,
}

/// Slaney's scale: a step below 1000 Hz in hertz.
const LINEAR: f64 = 200.0 / 3.0;
/// Slaney's scale: the knee from which it is logarithmic, in hertz and in mels.
const KNEE: (f64, f64) = (1000.0, 15.0);

/// Slaney's scale: the logarithm of the factor of a step above 1000 Hz.
fn step() -> f64 {
    6.4_f64.ln() / 27.0
}

impl Scale {
    /// Hertz to mels.
    pub(crate) fn mels(self, hertz: f64) -> f64 {
        match self {
            Self::Htk => 2595.0 * (1.0 + hertz / 700.0).log10(),
            Self::Slaney if hertz < KNEE.0 => hertz / LINEAR,
            Self::Slaney => KNEE.1 + (hertz / KNEE.0).ln() / step(),
        }
    }

    /// Mels to hertz.
    pub(crate) fn hertz(self, mels: f64) -> f64 {
        match self {
            Self::Htk => 700.0 * (10.0_f64.powf(mels / 2595.0) - 1.0),
            Self::Slaney if mels < KNEE.1 => mels * LINEAR,
            Self::Slaney => KNEE.0 * ((mels - KNEE.1) * step()).exp(),
        }
    }
}

/// Weighting of bands among each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Norm {
    /// Each triangle has the height 1: a wide band gathers more.
    #[default]
    None,
    /// Each triangle has the same area.
    Slaney,
}

/// Base of a logarithm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Logarithm {
    /// Base e.
    #[default]
    Natural,
    /// Base 10: a tenth of the decibels of an energy.
    Decimal,
}

impl Logarithm {
    pub(crate) fn of(self, value: f32) -> f32 {
        match self {
            Self::Natural => value.ln(),
            Self::Decimal => value.log10(),
        }
    }

    /// The number that has this logarithm.
    pub(crate) fn undo(self, value: f32) -> f32 {
        match self {
            Self::Natural => value.exp(),
            Self::Decimal => 10.0_f32.powf(value),
        }
    }
}

/// Continuation of a sound beyond its ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Padding {
    /// Silence.
    #[default]
    Zeros,
    /// The sound mirrored at its first and last sample, which are not repeated, as in PyTorch's `stft`.
    Reflect,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_are_those_of_their_authors() {
        // librosa.hz_to_mel(f, htk) of librosa 0.11.0.
        let cases = [
            (Scale::Htk, 440.0, 549.638_754),
            (Scale::Htk, 4000.0, 2_146.064_529),
            (Scale::Slaney, 440.0, 6.6),
            (Scale::Slaney, 1000.0, 15.0),
            (Scale::Slaney, 4000.0, 35.163_759),
        ];
        for (scale, hertz, mels) in cases {
            assert!((scale.mels(hertz) - mels).abs() < 1e-3, "{scale:?} {hertz}: {}", scale.mels(hertz));
            assert!((scale.hertz(scale.mels(hertz)) - hertz).abs() < 1e-9);
        }
    }

    #[test]
    fn durations_become_samples() {
        let mel = Mel::default();
        assert_eq!(
            (mel.window_samples(16_000), mel.hop_samples(16_000), mel.fft_samples(16_000)),
            (400, 160, 512)
        );
        assert_eq!((mel.window_samples(8000), mel.hop_samples(8000), mel.fft_samples(8000)), (200, 80, 256));
        assert_eq!(samples(0.0, 8000), 1);
    }
}
