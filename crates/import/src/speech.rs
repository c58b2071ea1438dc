//! Whisper as an experiment says it: the sounds that it reads, and its two tasks (Radford et al. 2022).

use std::collections::BTreeMap;

use any2any_architecture::{Architecture, Stem, names};
use any2any_pretrained::Tensor;
use serde_json::{Value as Json, json};

use super::prompts;
use super::tokenizers::Folders;
use crate::error::{ImportError, Result};

/// The task that writes down what is said.
pub(super) const TRANSCRIBE: &str = "transcribe";
/// The task that writes it in English.
pub(super) const TRANSLATE: &str = "translate";

/// Samples in a second of Whisper's sounds.
pub const RATE: usize = 16_000;
/// Samples of a Fourier transform.
pub const FFT: usize = 400;
/// Samples from one frame to the next.
pub const HOP: usize = 160;

/// Whisper's frames: their options, which no file may say otherwise.
const FRAMES: [(&str, usize); 3] = [("sampling_rate", RATE), ("n_fft", FFT), ("hop_length", HOP)];

/// The length of windows in seconds, where no file says it.
const WINDOW: f64 = 30.0;

/// The source side: sounds in windows of 30 s, as Whisper's own program makes frames of them, or of the length that a model
/// was trained further with.
pub(super) fn source(folders: &Folders<'_>, theirs: &Architecture) -> Result<Json> {
    const FILE: &str = "preprocessor_config.json";
    let config = folders.read_json(FILE)?;
    for (option, expected) in FRAMES {
        if config[option].as_u64().is_some_and(|given| given != expected as u64) {
            let path = folders.model.join(FILE);
            let problem = format!("`{option}` is {}, and Whisper's is {expected}", config[option]);
            return Err(ImportError::of(path, problem));
        }
    }
    let Stem::Convolution { width, .. } = theirs.stems[0].part else {
        return Err(ImportError::of(folders.model, "its sources are no frames"));
    };
    let window = config["chunk_length"].as_f64().filter(|&seconds| seconds > 0.0).unwrap_or(WINDOW);
    Ok(json!({ "audio": sound(width, window) }))
}

/// The options of sounds as Whisper hears them, in windows of so many seconds.
pub fn sound(bands: usize, window: f64) -> Json {
    json!({
        "field": "sound",
        "rate": RATE,
        // A recording of any length is read in windows.
        "longest": 3600,
        "pad_to": window,
        "normalize": "dynamic_range",
        "mel": {
            "bands": bands, "window": 0.025, "hop": 0.01, "fft": FFT, "low": 0, "high": 8000, "scale": "slaney",
            "norm": "slaney", "power": 2, "floor": 1e-10, "logarithm": "decimal", "padding": "reflect", "drop_last": true,
        },
        "stem": { "convolution": { "layers": [{ "kernel": 3, "stride": 1 }, { "kernel": 3, "stride": 2 }] } },
    })
}

/// The task of a translation into English, beside that of a transcription; none where the model is told no task.
pub(super) fn translating(transcribing: &Json) -> Option<Json> {
    let mut task = transcribing.clone();
    let tokens = task["prompt"]["target"].as_array_mut()?;
    let told = tokens.iter_mut().find(|token| **token == json!(prompts::TRANSCRIBE))?;
    *told = json!(prompts::TRANSLATE);
    Some(task)
}

/// Weights of entrances and exits under the name of the task that transcribes.
pub(super) fn renamed(weights: BTreeMap<String, Tensor>, theirs: &str) -> BTreeMap<String, Tensor> {
    let prefixes = [names::STEMS, names::HEADS]
        .map(|part| (format!("{part}.{theirs}."), format!("{part}.{TRANSCRIBE}.")));
    let rename = |name: String| {
        let renamed =
            prefixes.iter().find_map(|(old, new)| Some(format!("{new}{}", name.strip_prefix(old)?)));
        renamed.unwrap_or(name)
    };
    weights.into_iter().map(|(name, tensor)| (rename(name), tensor)).collect()
}
