//! What an experiment can say about the frames of a recording.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a frame holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Features {
    /// The samples of a window as they are.
    Raw(Raw),
    /// The power in named bands of frequencies, as its logarithm.
    BandPowers(BandPowers),
    /// The power at every frequency, as its logarithm.
    Spectrum(Spectrum),
    /// How well some mixture of all channels follows a rhythm, for every frequency.
    Rhythms(Rhythms),
}

impl Default for Features {
    fn default() -> Self {
        Self::Spectrum(Spectrum::default())
    }
}

impl Features {
    /// The name that stands in the YAML.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Raw(_) => "raw",
            Self::BandPowers(_) => "band_powers",
            Self::Spectrum(_) => "spectrum",
            Self::Rhythms(_) => "rhythms",
        }
    }

    /// What one frame covers, and the way from one frame to the next, in seconds.
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
pub struct Raw {
    /// What one frame covers, in seconds.
    #[schemars(range(min = 0.001, max = 3600))]
    pub window: f64,
    /// From one frame to the next, in seconds.
    #[schemars(range(min = 0.001, max = 3600))]
    pub hop: f64,
}

impl Default for Raw {
    fn default() -> Self {
        Self { window: 0.1, hop: 0.1 }
    }
}

/// The power in named bands of frequencies, as its logarithm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BandPowers {
    /// The bands: the lowest and the highest frequency of each, in hertz.
    pub bands: BTreeMap<String, [f64; 2]>,
    /// What one frame covers, in seconds.
    #[schemars(range(min = 0.001, max = 3600))]
    pub window: f64,
    /// From one frame to the next, in seconds.
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
pub struct Spectrum {
    /// What one frame covers, in seconds. One divided by it is the finest difference of frequencies that can
    /// be told apart.
    #[schemars(range(min = 0.001, max = 3600))]
    pub window: f64,
    /// From one frame to the next, in seconds.
    #[schemars(range(min = 0.001, max = 3600))]
    pub hop: f64,
    /// The lowest frequency, in hertz.
    #[schemars(range(min = 0))]
    pub low: f64,
    /// The highest frequency, in hertz.
    #[schemars(range(min = 0))]
    pub high: f64,
    /// From one frequency to the next, in hertz: a window is filled up with zeros for as much. Left out: one
    /// divided by the window.
    #[schemars(range(min = 0.001))]
    pub resolution: Option<f64>,
    /// Whether each channel has its spectrum; otherwise powers are averaged over the channels.
    pub per_channel: bool,
    /// Each frequency is compared to the mean of those so many hertz around it, itself left out: what is left
    /// is peaks, whatever the slope of the spectrum. Left out: powers as they are.
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

/// How well some mixture of all channels follows a rhythm, for every frequency: the largest canonical
/// correlation between the channels and sines and cosines of the frequency and its harmonics (Lin et al.
/// 2006). Needs no training and does not depend on where electrodes sit: for flickering lights (SSVEP).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Rhythms {
    /// What one frame covers, in seconds.
    #[schemars(range(min = 0.001, max = 3600))]
    pub window: f64,
    /// From one frame to the next, in seconds.
    #[schemars(range(min = 0.001, max = 3600))]
    pub hop: f64,
    /// The lowest frequency, in hertz.
    #[schemars(range(min = 0.001))]
    pub low: f64,
    /// The highest frequency, in hertz; its harmonics lie above.
    #[schemars(range(min = 0.001))]
    pub high: f64,
    /// From one frequency to the next, in hertz; left out: one divided by twice the window.
    #[schemars(range(min = 0.001))]
    pub resolution: Option<f64>,
    /// How many multiples of the frequency count, itself included; those beyond half the rate do not.
    #[schemars(range(min = 1, max = 10))]
    pub harmonics: usize,
}

impl Default for Rhythms {
    fn default() -> Self {
        Self { window: 4.0, hop: 1.0, low: 6.0, high: 24.0, resolution: None, harmonics: 2 }
    }
}

/// Whether a frame covers all channels or one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// A frame for each window: all channels, one after the other.
    #[default]
    Windows,
    /// A frame for each channel of each window, with a one at the channel's number behind its features:
    /// attention sees the channels.
    Channels,
}

/// How features are brought to a common size: first within the sample, then by what the training split says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Normalize {
    /// What is brought to mean 0 and deviation 1 within each sample.
    pub sample: Within,
    /// Whether each feature is brought to mean 0 and deviation 1 over the training split.
    pub fitted: bool,
}

impl Default for Normalize {
    fn default() -> Self {
        Self { sample: Within::None, fitted: true }
    }
}

/// What is brought to mean 0 and deviation 1 within each sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Within {
    /// Nothing.
    #[default]
    None,
    /// Each feature over the sample's windows: what changes within the sample stays.
    Columns,
    /// Each channel of each window over its features: the shape of a spectrum stays, its height goes.
    Bins,
}
