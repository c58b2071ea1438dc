//! Options of the EEG medium, as an experiment writes them.
//!
//! The steps of a recording stand in the order in which they are done: `channels`, `reference`, `filter`,
//! `resample`, `epoch`, `baseline`, `artefacts`, `standardize`. Then `features` makes frames of it.

use any2any_frames::StemOptions;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::features::options::{Features, Layout, Normalize};

/// The options of the EEG medium.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct EegOptions {
    /// The field of the dataset that holds the recording.
    #[schemars(length(min = 1))]
    pub field: String,
    /// Sampling rate, in hertz, of files that do not have it (NPY, CSV). It also counts where a table has times of
    /// samples, from which the rate could only be measured.
    #[serde(default)]
    #[schemars(range(min = 0.001, max = 1_000_000))]
    pub rate: Option<f64>,
    /// The channels, in this order; left out: all that are EEG, as the recording has them. Capitals, a leading `EEG`, a
    /// trailing `-Ref` and trailing dots make no difference.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub channels: Option<Vec<String>>,
    /// Reference that every channel is measured against.
    #[serde(default)]
    pub reference: Reference,
    /// Frequencies that are kept, and that are taken out.
    #[serde(default)]
    pub filter: Option<Filter>,
    /// The rate that every recording is brought to, in hertz; left out: its own.
    #[serde(default)]
    #[schemars(range(min = 0.1, max = 100_000))]
    pub resample: Option<f64>,
    /// Span that is cut out around the event, or counted from the start if there is no event; left out: the whole
    /// recording.
    #[serde(default)]
    pub epoch: Option<Span>,
    /// The span around the event whose mean is subtracted from each channel.
    #[serde(default)]
    pub baseline: Option<Span>,
    /// Rule by which samples with artefacts are left out.
    #[serde(default)]
    pub artefacts: Artefacts,
    /// Standardisation of each channel to mean 0 and deviation 1.
    #[serde(default)]
    pub standardize: Standardize,
    /// The zeros between recordings that follow each other and stand for one, in seconds.
    #[serde(default)]
    #[schemars(range(min = 0, max = 60))]
    pub gap: f64,
    /// Features that a frame holds.
    #[serde(default)]
    pub features: Features,
    /// Channels of a frame: all or one.
    #[serde(default)]
    pub layout: Layout,
    /// Normalisation of features.
    #[serde(default)]
    pub normalize: Normalize,
    /// Entrance of frames into the model.
    #[serde(default)]
    pub stem: StemOptions,
    /// Random changes of the samples that a model is trained on; left out: none.
    #[serde(default)]
    pub augment: Option<Augment>,
    /// Kind of output; needed where recordings are a target, and then `features` has no meaning.
    #[serde(default)]
    pub output: Option<Output>,
}

impl EegOptions {
    /// Largest shift of an epoch to either side, in seconds.
    pub(crate) fn margin(&self) -> f64 {
        match (&self.augment, &self.output) {
            (Some(augment), None) => augment.time_shift,
            _ => 0.0,
        }
    }
}

/// Reference that every channel is measured against.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reference {
    /// Channels stay as they were recorded.
    #[default]
    None,
    /// The mean of the chosen channels.
    Average,
    /// One channel of the recording, which need not be among the chosen ones.
    Channel(String),
}

/// A zero-phase filter: Butterworth, run forward and backward.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Filter {
    /// The lowest frequency that is kept, in hertz; left out: all low ones.
    #[schemars(range(min = 0.001))]
    pub low: Option<f64>,
    /// The highest frequency that is kept, in hertz; left out: all high ones.
    #[schemars(range(min = 0.001))]
    pub high: Option<f64>,
    /// The order of the Butterworth filter, before it is run twice.
    #[schemars(range(min = 1, max = 12))]
    pub order: usize,
    /// Frequencies that are taken out, such as that of the mains, in hertz.
    pub notch: Vec<f64>,
    /// Quality factor of a notch: its frequency divided by its width.
    #[schemars(range(min = 1, max = 1000))]
    pub quality: f64,
}

impl Default for Filter {
    fn default() -> Self {
        Self { low: None, high: None, order: 4, notch: Vec::new(), quality: 30.0 }
    }
}

/// A span around an event.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Span {
    /// Begin of the span, in seconds after the event; negative: before it.
    pub from: f64,
    /// End of the span, in seconds after the event.
    pub to: f64,
}

impl Span {
    /// Its length in seconds.
    pub fn seconds(self) -> f64 {
        self.to - self.from
    }
}

/// Rule by which samples are left out because something other than the brain was recorded.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Artefacts {
    /// The most that any channel may change within the epoch, in microvolts; left out: nothing is left out.
    #[schemars(range(min = 0))]
    pub peak_to_peak: Option<f64>,
}

/// Standardisation of each channel to mean 0 and deviation 1.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Standardize {
    /// None: channels stay in microvolts.
    None,
    /// Over the whole recording.
    #[default]
    Recording,
    /// Over the epoch.
    Epoch,
    /// Over the seconds around each moment.
    Moving(Moving),
}

/// Mean and deviation of the seconds around each moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Moving {
    /// Length of the window, in seconds.
    #[schemars(range(min = 0.01, max = 100_000))]
    pub seconds: f64,
}

/// Random changes of the samples that a model is trained on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Augment {
    /// The probability that a channel is silenced.
    #[schemars(range(min = 0, max = 1))]
    pub channel_dropout: f64,
    /// Largest shift of an epoch to either side, in seconds. Real samples move in: epochs are opened with so much
    /// more on both sides.
    #[schemars(range(min = 0, max = 60))]
    pub time_shift: f64,
    /// Standard deviation of the noise that is added, as a fraction of each channel's own.
    #[schemars(range(min = 0, max = 100))]
    pub noise: f64,
    /// Largest change of a channel's amplitude: 0.2 for factors of 0.8 to 1.2.
    #[schemars(range(min = 0, max = 1))]
    pub amplitude: f64,
    /// Widest band of a spectrum that is masked, in hertz.
    #[schemars(range(min = 0, max = 10_000))]
    pub frequency_mask: f64,
}

/// Kind of output of recordings that are written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Output {
    /// The traces of all channels, by regression, all at once.
    Traces(Traces),
}

/// Traces, a window a frame. All epochs must be equally long.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Traces {
    /// Length of a frame, in seconds.
    #[schemars(range(min = 0.001, max = 3600))]
    pub window: f64,
}

impl Default for Traces {
    fn default() -> Self {
        Self { window: 0.1 }
    }
}
