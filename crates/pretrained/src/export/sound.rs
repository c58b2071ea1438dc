//! Frames of recordings as other programs make them: Whisper's feature extractor (Radford et al. 2022).

use serde_json::{Value, json};

use super::Outgoing;
use super::whisper;

/// The file of its options, in both layouts.
pub(crate) const FILE: &str = "preprocessor_config.json";

/// Options of the frames that a recording becomes, all others of which are Whisper's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FeatureExtractor {
    /// Number of samples in a second.
    pub sampling_rate: usize,
    /// Number of samples of a Fourier transform.
    pub n_fft: usize,
    /// Number of samples from one frame to the next.
    pub hop_length: usize,
    /// Number of samples of a window: shorter recordings are filled up with silence.
    pub samples: usize,
}

impl FeatureExtractor {
    /// Number of frames of a window.
    pub fn frames(&self) -> usize {
        self.samples / self.hop_length.max(1)
    }

    /// True if a window lasts whole seconds, which is all that feature extractors fill up by themselves.
    pub fn is_in_seconds(&self) -> bool {
        self.samples.is_multiple_of(self.sampling_rate.max(1))
    }

    /// The contents of the file.
    pub(crate) fn config(&self, model: &Outgoing) -> Value {
        let seconds = match self.is_in_seconds() {
            true => json!(self.samples / self.sampling_rate),
            false => json!(self.samples as f64 / self.sampling_rate as f64),
        };
        json!({
            "feature_extractor_type": "WhisperFeatureExtractor",
            "processor_class": "WhisperProcessor",
            "feature_size": whisper::stem(model).map(|(width, _)| width),
            "sampling_rate": self.sampling_rate,
            "n_fft": self.n_fft,
            "hop_length": self.hop_length,
            "chunk_length": seconds,
            "n_samples": self.samples,
            "nb_max_frames": self.frames(),
            "padding_side": "right",
            "padding_value": 0.0,
            "return_attention_mask": false,
        })
    }
}
