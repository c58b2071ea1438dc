//! The EEG medium: its options, checked, and its adapters.

use std::path::Path;
use std::sync::Arc;

use any2any_adapter::{
    Adapter, AdapterError, Contents, Event, File, Kind, Medium, OpenedValue, OptionProblem, Price, Value,
};

use crate::adapter::EegAdapter;
use crate::check::problems;
use crate::files::{self, Annotation, Decoded, EXTENSIONS, Rates, annotations, warn_of_volts};
use crate::options::EegOptions;
use crate::preprocessing;
use crate::price::price;

/// The EEG medium.
#[derive(Clone, Copy, Debug, Default)]
pub struct Eeg;

impl Medium for Eeg {
    fn name(&self) -> &'static str {
        "eeg"
    }

    fn schema(&self) -> schemars::Schema {
        schemars::schema_for!(EegOptions)
    }

    fn check(&self, options: &serde_json::Value) -> Vec<OptionProblem> {
        match deserialize(options) {
            Ok(options) => problems(&options),
            Err(reason) => vec![OptionProblem { pointer: String::new(), message: reason, help: None }],
        }
    }

    fn resolve(&self, options: &serde_json::Value) -> serde_json::Value {
        let parsed = deserialize(options).ok().and_then(|parsed| serde_json::to_value(parsed).ok());
        parsed.unwrap_or_else(|| options.clone())
    }

    fn kind(&self) -> Kind {
        Kind::Signal
    }

    /// The annotations of EDF+, BDF+ and FIF, the markers of BrainVision, the events of EEGLAB and GDF; tables and
    /// arrays have none.
    fn events(&self, file: &File) -> Result<Vec<Event>, AdapterError> {
        let event = |Annotation { onset, duration, label }| Event {
            second: onset,
            duration: (duration > 0.0).then_some(duration),
            label,
        };
        Ok(annotations(file)?.into_iter().map(event).collect())
    }

    fn fields(&self, options: &serde_json::Value) -> Vec<String> {
        options["field"].as_str().map(str::to_owned).into_iter().collect()
    }

    fn sharing(&self, options: &serde_json::Value) -> Option<String> {
        Some(any2any_frames::sharing(options))
    }

    fn inherited(&self) -> &'static [&'static str] {
        &[
            "rate",
            "channels",
            "reference",
            "filter",
            "resample",
            "epoch",
            "baseline",
            "artefacts",
            "standardize",
        ]
    }

    fn extensions(&self) -> &'static [&'static str] {
        EXTENSIONS
    }

    fn recognises(&self, bytes: &[u8]) -> bool {
        files::recognises(bytes)
    }

    /// All channels that are EEG. Channels of several rates are brought to the highest, as MNE does.
    fn contents(&self, file: &File) -> Result<Contents, AdapterError> {
        let mut decoded = Decoded::read(file, None, Rates::Highest)?;
        warn_of_volts(&decoded.samples, &decoded.channels, decoded.rate, &mut decoded.warnings);
        Ok(Contents {
            axes: vec![("channels", decoded.channels.len()), ("samples", decoded.len())],
            format: decoded.format,
            values: decoded.samples.concat(),
            rate: decoded.rate,
            channels: decoded.channels,
            unit: "uV",
            warnings: decoded.warnings,
        })
    }

    fn open(&self, options: &serde_json::Value, value: &Value) -> Result<OpenedValue, AdapterError> {
        preprocessing::open(&parse(options)?, value)
    }

    fn price(&self, options: &serde_json::Value, value: &Value) -> Result<Price, AdapterError> {
        price(&parse(options)?, value)
    }

    fn fit(
        &self,
        options: &serde_json::Value,
        values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<Arc<dyn Adapter>, AdapterError> {
        Ok(Arc::new(EegAdapter::fit(&parse(options)?, values)?))
    }

    fn load(&self, options: &serde_json::Value, folder: &Path) -> Result<Arc<dyn Adapter>, AdapterError> {
        Ok(Arc::new(EegAdapter::load(&parse(options)?, folder)?))
    }
}

fn deserialize(options: &serde_json::Value) -> Result<EegOptions, String> {
    serde_json::from_value(options.clone()).map_err(|error| error.to_string())
}

fn parse(options: &serde_json::Value) -> Result<EegOptions, AdapterError> {
    deserialize(options).map_err(|reason| AdapterError::Fit { option: "eeg".to_owned(), reason })
}
