//! The audio medium: its options, checked, its values, opened, and its adapters.

use std::path::Path;
use std::sync::Arc;

use any2any_adapter::{
    Adapter, AdapterError, Contents, File, Kind, Medium, OpenedValue, OptionProblem, Price, Value,
};

use crate::adapter::AudioAdapter;
use crate::check::problems;
use crate::decoding;
use crate::error::AudioError;
use crate::formats;
use crate::open::open;
use crate::options::{AudioOptions, Output};
use crate::price::price;

/// The audio medium.
#[derive(Clone, Copy, Debug, Default)]
pub struct Audio;

impl Medium for Audio {
    fn name(&self) -> &'static str {
        "audio"
    }

    fn schema(&self) -> schemars::Schema {
        schemars::schema_for!(AudioOptions)
    }

    fn check(&self, options: &serde_json::Value) -> Vec<OptionProblem> {
        match AudioOptions::deserialize_from(options) {
            Ok(options) => problems(&options),
            Err(message) => vec![OptionProblem { pointer: String::new(), message, help: None }],
        }
    }

    fn resolve(&self, options: &serde_json::Value) -> serde_json::Value {
        let Ok(mut parsed) = AudioOptions::deserialize_from(options) else {
            return options.clone();
        };
        let stack = parsed.stacked();
        if let Output::Codes(codes) = &mut parsed.output {
            codes.stack = Some(stack);
        }
        parsed.mel.fft = Some(parsed.mel.fft_samples(parsed.rate));
        parsed.mel.high = Some(parsed.mel.high_hertz(parsed.rate));
        serde_json::to_value(parsed).unwrap_or_else(|_| options.clone())
    }

    fn fields(&self, options: &serde_json::Value) -> Vec<String> {
        options["field"].as_str().map(str::to_owned).into_iter().collect()
    }

    fn sharing(&self, options: &serde_json::Value) -> Option<String> {
        Some(any2any_frames::sharing(options))
    }

    fn inherited(&self) -> &'static [&'static str] {
        &["rate", "channel", "take", "trim", "gap", "longest", "mel"]
    }

    fn kind(&self) -> Kind {
        Kind::Signal
    }

    fn extensions(&self) -> &'static [&'static str] {
        formats::EXTENSIONS
    }

    fn recognises(&self, bytes: &[u8]) -> bool {
        formats::Kind::of(bytes).is_some()
    }

    /// Values are those of soundfile; those of integers are divided by full scale, and floats are as they are.
    fn contents(&self, file: &File) -> Result<Contents, AdapterError> {
        let bytes = file.bytes().map_err(|error| AudioError::Unreadable { reason: error.to_string() });
        bytes.and_then(|bytes| decoding::contents(&bytes)).map_err(|error| error.of(file))
    }

    /// Sounds that follow each other are joined with `gap` seconds of silence between them.
    fn open(&self, options: &serde_json::Value, value: &Value) -> Result<OpenedValue, AdapterError> {
        open(&parse(options)?, value)
    }

    fn price(&self, options: &serde_json::Value, value: &Value) -> Result<Price, AdapterError> {
        price(&parse(options)?, value)
    }

    fn fit(
        &self,
        options: &serde_json::Value,
        values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<Arc<dyn Adapter>, AdapterError> {
        Ok(Arc::new(AudioAdapter::fit(&parse(options)?, values)?))
    }

    fn load(&self, options: &serde_json::Value, folder: &Path) -> Result<Arc<dyn Adapter>, AdapterError> {
        Ok(Arc::new(AudioAdapter::load(&parse(options)?, folder)?))
    }
}

impl AudioOptions {
    fn deserialize_from(options: &serde_json::Value) -> Result<Self, String> {
        serde_json::from_value(options.clone()).map_err(|error| error.to_string())
    }
}

/// Parses options and checks their values.
fn parse(options: &serde_json::Value) -> Result<AudioOptions, AdapterError> {
    let wrong = |place: &str, reason| AdapterError::Fit { option: format!("audio{place}"), reason };
    let parsed = AudioOptions::deserialize_from(options).map_err(|reason| wrong("", reason))?;
    match problems(&parsed).into_iter().next() {
        Some(problem) => Err(wrong(&problem.pointer.replace('/', "."), problem.message)),
        None => Ok(parsed),
    }
}
