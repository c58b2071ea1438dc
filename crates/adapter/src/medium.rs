//! A medium: its options, and the adapters that they build.

use std::path::Path;
use std::sync::Arc;

use crate::{Adapter, AdapterError, Contents, File, Kind, Price, Value};

/// A medium: checks the options that an experiment gives it, opens its values and builds its adapters.
///
/// Options are a serde struct of the medium's own. The experiment hands them over as JSON after it has
/// checked them against [`schema`](Medium::schema), and puts the problems of [`check`](Medium::check) at
/// the right line of the YAML.
pub trait Medium: Send + Sync {
    /// The name of the medium in the YAML: `text`.
    fn name(&self) -> &'static str;

    /// The JSON Schema of the options.
    ///
    /// A string with `"format": "path"` is a file: the experiment joins a relative one to the folder of the
    /// YAML file that names it.
    fn schema(&self) -> schemars::Schema;

    /// Problems of options that fit the schema, whatever files they name.
    fn check(&self, options: &serde_json::Value) -> Vec<OptionProblem>;

    /// Problems of the files that sound options name. A run skips this check: its adapter has
    /// [saved](crate::Adapter::save) the parts of a file that it needs.
    fn check_files(&self, _options: &serde_json::Value) -> Vec<OptionProblem> {
        Vec::new()
    }

    /// The options with every default written out.
    fn resolve(&self, options: &serde_json::Value) -> serde_json::Value;

    /// The fields of the dataset that these options read.
    fn fields(&self, options: &serde_json::Value) -> Vec<String>;

    /// The options that a target takes over from a source of the same medium when it leaves them out.
    fn inherited(&self) -> &'static [&'static str] {
        &[]
    }

    /// The sides of an experiment (sources and targets of all tasks) with an equal key are fitted together
    /// and share one adapter, one embedding and one vocabulary. `None`: the side stands alone.
    fn sharing(&self, _options: &serde_json::Value) -> Option<String> {
        None
    }

    /// The kind of this medium's opened values.
    fn kind(&self) -> Kind {
        Kind::Text
    }

    /// The annotated events of a recording, in the order of its file; none if a medium has no such thing.
    ///
    /// # Errors
    ///
    /// When the file is broken.
    fn events(&self, _file: &File) -> Result<Vec<Event>, AdapterError> {
        Ok(Vec::new())
    }

    /// The file extensions that [`open`](Medium::open) decodes, in lower case and without the dot.
    fn extensions(&self) -> &'static [&'static str] {
        &[]
    }

    /// True if the bytes of a file are of a format that this medium reads, or names when it refuses it. Formats
    /// without any mark, such as tables of numbers, are known by their extension alone.
    fn recognises(&self, _bytes: &[u8]) -> bool {
        false
    }

    /// The contents of a file before any option is applied.
    ///
    /// # Errors
    ///
    /// When the file is broken, or of a format that is not read: the error names it and the way out.
    fn contents(&self, file: &File) -> Result<Contents, AdapterError> {
        let reason = format!("{} has no files to look at", self.name());
        Err(AdapterError::Broken { file: file.to_string(), reason })
    }

    /// A value as adapters take it: a file decoded, a series joined, and every other step that is taken once for a
    /// value and does not depend on the learned state (resampling, filtering, cutting, resizing).
    ///
    /// # Errors
    ///
    /// When the value is of another medium, or broken. Such a sample is left out, counted and reported.
    fn open(&self, _options: &serde_json::Value, value: &Value) -> Result<OpenedValue, AdapterError> {
        Ok(value.clone().into())
    }

    /// An upper bound of the memory that [`open`](Medium::open) takes, and of the positions of the sequence, from
    /// headers alone, before anything is decoded. A header without sizes is bounded by the file's length and by the
    /// limits of its decoder.
    ///
    /// # Errors
    ///
    /// When opening the value would be an error too.
    fn price(&self, _options: &serde_json::Value, value: &Value) -> Result<Price, AdapterError> {
        Ok(Price::of_contents(value))
    }

    /// An adapter, fitted to the opened values of the training split; the same values give the same adapter.
    ///
    /// # Errors
    ///
    /// When the options do not fit the data, for instance a vocabulary larger than the data allows.
    fn fit(
        &self,
        options: &serde_json::Value,
        values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<Arc<dyn Adapter>, AdapterError>;

    /// Loads the adapter that [`Adapter::save`] wrote into a folder.
    ///
    /// # Errors
    ///
    /// When a file is missing or broken.
    fn load(&self, options: &serde_json::Value, folder: &Path) -> Result<Arc<dyn Adapter>, AdapterError>;
}

/// A value as adapters take it, with warnings about it.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenedValue {
    /// The value.
    pub value: Value,
    /// Warnings about the value, and about decisions in reading it, reported once for all samples with the same
    /// warning. They contain no name of a file and no number of a sample.
    pub warnings: Vec<String>,
}

impl From<Value> for OpenedValue {
    fn from(value: Value) -> Self {
        Self { value, warnings: Vec::new() }
    }
}

/// A problem of an adapter's options, and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionProblem {
    /// The JSON pointer of the place inside the options: `/tokenizer/bpe/vocab`.
    pub pointer: String,
    /// The problem.
    pub message: String,
    /// The way out.
    pub help: Option<String>,
}

/// An event of a recording: a stimulus, a key that was pressed, a stage of sleep.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The start, in seconds from the first sample.
    pub second: f64,
    /// The duration in seconds, if the recording has it.
    pub duration: Option<f64>,
    /// The name of the event.
    pub label: String,
}
