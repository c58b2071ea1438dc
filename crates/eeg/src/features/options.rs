//! Options of the features and frames of a recording, as an experiment writes them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Features that a frame holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Features {
    /// The samples of a window as they are.
    Raw(Raw),
    /// The power in named frequency bands, as its logarithm.
    BandPowers(BandPowers),
    /// The power at every frequency, as its logarithm.
    Spectrum(Spectrum),
    /// The canonical correlation of all channels with a rhythm, for every frequency.
    Rhythms(Rhythms),
}

impl Default for Features {
    fn default() -> Self {
        Self::Spectrum(Spectrum::default())
    }
}

impl Features {
    /// The name of the features in the YAML.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Raw(_) => "raw",
            Self::BandPowers(_) => "band_powers",
            Self::Spectrum(_) => "spectrum",
            Self::Rhythms(_) => "rhythms",
        }
    }

    /// Length of a frame and hop from one frame to the next, in seconds.
    pub fn window_and_hop(&self) -> (f64, f64) {
        match self {
            Self::Raw(options) => (options.window, options.hop),
            Self::BandPowers(options) => (options.window, options.hop),
            Self::Spectrum(options) => (options.window, options.hop),
            Self::Rhythms(options) => (options.window, options.hop),
        }
    }
}

/// The samples of a window as they are: channel after channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Raw {
    /// Length of a frame, in seconds.
    #[schemars(range(min = 0.001, max = 3600))]
    pub window: f64,
    /// Hop from one frame to the next, in seconds.
    #[schemars(range(min = 0.001, max = 3600))]
    pub hop: f64,
}

impl Default for Raw {
    fn default() -> Self {
        Self { window: 0.1, hop: 0.1 }
    }
}

/// The power in named frequency bands, as its logarithm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct BandPowers {
    /// The bands: the lowest and the highest frequency of each, in hertz.
    pub bands: BTreeMap<String, [f64; 2]>,
    /// Length of a frame, in seconds.
    #[schemars(range(min = 0.001, max = 3600))]
    pub window: f64,
    /// Hop from one frame to the next, in seconds.
    #[schemars(range(min = 0.001, max = 3600))]
    pub hop: f64,
}

impl Default for BandPowers {
    fn default() -> Self {
        let bands = [
            ("delta", [1.0, 4.0]),
            ("theta", [4.0, 8.0]),
            ("alpha", [8.0, 13.0]),
            ("beta", [13.0, 30.0]),
            ("gamma", [30.0, 45.0]),
        ];
        let bands = bands.into_iter().map(|(name, band)| (name.to_owned(), band)).collect();
        Self { bands, window: 1.0, hop: 0.5 }
    }
}

/// The power at every frequency, as its logarithm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Spectrum {
    /// Length of a frame, in seconds. Its reciprocal is the finest difference of frequencies that can be told apart.
    #[schemars(range(min = 0.001, max = 3600))]
    pub window: f64,
    /// Hop from one frame to the next, in seconds.
    #[schemars(range(min = 0.001, max = 3600))]
    pub hop: f64,
    /// The lowest frequency, in hertz.
    #[schemars(range(min = 0))]
    pub low: f64,
    /// The highest frequency, in hertz.
    #[schemars(range(min = 0))]
    pub high: f64,
    /// Step from one frequency to the next, in hertz: windows are padded with zeros for it. Left out: one divided by
    /// the window.
    #[schemars(range(min = 0.001))]
    pub resolution: Option<f64>,
    /// Compute a spectrum for each channel; otherwise powers are averaged over the channels.
    pub per_channel: bool,
    /// Compare each frequency to the mean of those so many hertz around it, itself left out: peaks stay, and the
    /// slope of the spectrum goes. Left out: powers as they are.
    #[schemars(range(min = 0.001))]
    pub neighbours: Option<f64>,
}

impl Default for Spectrum {
    fn default() -> Self {
        Self {
            window: 2.0,
            hop: 0.5,
            low: 4.0,
            high: 45.0,
            resolution: None,
            per_channel: true,
            neighbours: None,
        }
    }
}

/// Canonical correlation of all channels with a rhythm, for every frequency: the largest correlation of any mixture
/// of the channels with sines and cosines of the frequency and its harmonics (Lin et al. 2006). Needs no training and
/// does not depend on where electrodes sit: for flickering lights (SSVEP).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Rhythms {
    /// Length of a frame, in seconds.
    #[schemars(range(min = 0.001, max = 3600))]
    pub window: f64,
    /// Hop from one frame to the next, in seconds.
    #[schemars(range(min = 0.001, max = 3600))]
    pub hop: f64,
    /// The lowest frequency, in hertz.
    #[schemars(range(min = 0.001))]
    pub low: f64,
    /// The highest frequency, in hertz; its harmonics lie above.
    #[schemars(range(min = 0.001))]
    pub high: f64,
    /// Step from one frequency to the next, in hertz; left out: one divided by twice the window.
    #[schemars(range(min = 0.001))]
    pub resolution: Option<f64>,
    /// Number of harmonics, the frequency itself included; those beyond half the rate do not count.
    #[schemars(range(min = 1, max = 10))]
    pub harmonics: usize,
}

impl Default for Rhythms {
    fn default() -> Self {
        Self { window: 4.0, hop: 1.0, low: 6.0, high: 24.0, resolution: None, harmonics: 2 }
    }
}

/// Channels of a frame: all or one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Layout {
    /// A frame for each window: all channels, one after the other.
    #[default]
    Windows,
    /// A frame for each channel of each window, with a one at the channel's number behind its features:
    /// attention sees the channels.
    Channels,
}

/// Normalisation of features: first within the sample, then by the moments of the training split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Normalize {
    /// Features that are brought to mean 0 and deviation 1 within each sample.
    pub sample: Within,
    /// Bring each feature to mean 0 and deviation 1 over the training split.
    pub fitted: bool,
}

impl Default for Normalize {
    fn default() -> Self {
        Self { sample: Within::None, fitted: true }
    }
}

/// Features that are brought to mean 0 and deviation 1 within each sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Within {
    /// Nothing.
    #[default]
    None,
    /// Each feature over the sample's windows: changes within the sample stay.
    Columns,
    /// Each channel of each window over its features: the shape of a spectrum stays, its height goes.
    Bins,
}
