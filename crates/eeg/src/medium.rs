//! The EEG medium: its options, checked, and its adapters.

use std::path::Path;

use any2any_adapter::{
    AdapterError, Contents, Event, File, Kind, Medium, OpenedValue, OptionProblem, Package, Price, Sharing,
    Side, Value,
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
    type Options = EegOptions;
    type Adapter = EegAdapter;

    fn name(&self) -> &str {
        "eeg"
    }

    fn package(&self) -> Package {
        any2any_adapter::package!()
    }

    fn check(&self, options: &EegOptions) -> Vec<OptionProblem> {
        problems(options)
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

    fn fields(&self, options: &EegOptions) -> Vec<String> {
        vec![options.field.clone()]
    }

    fn sharing(&self, _options: &EegOptions) -> Sharing {
        Sharing::EqualOptions
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

    fn extensions(&self) -> Vec<&str> {
        EXTENSIONS.to_vec()
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

    fn open(&self, side: &Side<EegOptions>, value: &Value) -> Result<OpenedValue, AdapterError> {
        preprocessing::open(side, &side.kept().get(), value)
    }

    fn price(&self, side: &Side<EegOptions>, value: &Value) -> Result<Price, AdapterError> {
        price(side, value)
    }

    fn fit(
        &self,
        side: &Side<EegOptions>,
        values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<EegAdapter, AdapterError> {
        EegAdapter::fit(side, values)
    }

    fn load(&self, side: &Side<EegOptions>, folder: &Path) -> Result<EegAdapter, AdapterError> {
        EegAdapter::load(side, folder)
    }
}
