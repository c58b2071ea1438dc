//! Medium: its options, and the adapters that they build.

use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Adapter, AdapterError, Contents, File, Kind, Package, Price, Side, Value, Window};

/// Medium: checks the options that an experiment gives it, opens its values and builds its adapters.
///
/// Options are a serde struct of the medium's own, with the defaults of its fields and a JSON Schema. An experiment is
/// checked against the schema, the options are parsed once, and the problems of [`check`](Medium::check) are put at
/// the right line of the YAML. A [`Registry`](crate::Registry) takes media of all types.
///
/// A whole medium, of melodies that are texts, and the test that it keeps its promises:
///
/// ```
#[doc = include_str!("medium/notes.rs")]
///
/// any2any_adapter::testing::conforms(
///     Notes,
///     serde_json::json!({ "field": "melody" }),
///     &["c e g".into(), "e d c".into()],
/// );
/// ```
// Examples of other items include the file too.
pub trait Medium: Send + Sync + Sized + 'static {
    /// Options of a side, as an experiment writes them: `text: { field: en }`.
    ///
    /// A string with `"format": "path"` in its schema is a file: the experiment joins a relative one to the folder of
    /// the YAML file that names it.
    type Options: PlugInOptions;

    /// The adapter that is fitted to data.
    type Adapter: Adapter + 'static;

    /// Name of the medium in the YAML, in small letters, digits and `_`: `text`.
    fn name(&self) -> &str;

    /// Package that the medium comes from, which runs keep: [`package!()`](crate::package) names it with its version.
    fn package(&self) -> Package {
        Package::of::<Self>()
    }

    /// Problems of options that fit the schema, whatever files they name.
    fn check(&self, _options: &Self::Options) -> Vec<OptionProblem> {
        Vec::new()
    }

    /// Problems of the files that sound options name. A run skips this check: its adapter has
    /// [saved](crate::Adapter::save) the parts of a file that it needs.
    fn check_files(&self, _options: &Self::Options) -> Vec<OptionProblem> {
        Vec::new()
    }

    /// Writes out the defaults of sound options that depend on other options; all others serde knows.
    fn complete(&self, _options: &mut Self::Options) {}

    /// Fields of the dataset that these options read; a side that reads several is given a series of their values.
    fn fields(&self, options: &Self::Options) -> Vec<String>;

    /// Options that a target takes over from a source of the same medium when it leaves them out.
    fn inherited(&self) -> &'static [&'static str] {
        &[]
    }

    /// The rule by which sides of an experiment (sources and targets of all tasks) are fitted together and share one
    /// adapter, one embedding and one vocabulary.
    fn sharing(&self, _options: &Self::Options) -> Sharing {
        Sharing::Alone
    }

    /// Kind of this medium's opened values.
    fn kind(&self) -> Kind {
        Kind::Text
    }

    /// Annotated events of a recording, in the order of its file; none if a medium has no such thing.
    ///
    /// # Errors
    ///
    /// When the file is broken.
    fn events(&self, _file: &File) -> Result<Vec<Event>, AdapterError> {
        Ok(Vec::new())
    }

    /// File extensions that [`open`](Medium::open) decodes, in lower case and without the dot.
    fn extensions(&self) -> Vec<&str> {
        Vec::new()
    }

    /// True if the bytes of a file are of a format that this medium reads, or names when it refuses it. Formats
    /// without any mark, such as tables of numbers, are known by their extension alone.
    fn recognises(&self, _bytes: &[u8]) -> bool {
        false
    }

    /// Contents of a file before any option is applied.
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
    fn open(&self, _side: &Side<Self::Options>, value: &Value) -> Result<OpenedValue, AdapterError> {
        Ok(value.clone().into())
    }

    /// Windows of an opened value, in their order: the stretches of which a model that reads no longer ones is given one
    /// after the other, and whose outputs, which are texts, are joined. None by default: a value is read at once.
    ///
    /// # Errors
    ///
    /// When the value cannot be cut.
    fn windows(&self, _side: &Side<Self::Options>, _opened: &Value) -> Result<Vec<Window>, AdapterError> {
        Ok(Vec::new())
    }

    /// Upper bound of the memory that [`open`](Medium::open) takes, and of the positions of the sequence, from
    /// headers alone, before anything is decoded. A header without sizes is bounded by the file's length and by the
    /// limits of its decoder.
    ///
    /// # Errors
    ///
    /// When opening the value would be an error too.
    fn price(&self, _side: &Side<Self::Options>, value: &Value) -> Result<Price, AdapterError> {
        Ok(Price::of_contents(value))
    }

    /// An adapter, fitted to the opened values of the training split; the same values give the same adapter.
    ///
    /// # Errors
    ///
    /// When the options do not fit the data, for instance a vocabulary larger than the data allows.
    fn fit(
        &self,
        side: &Side<Self::Options>,
        values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<Self::Adapter, AdapterError>;

    /// Loads the adapter that [`Adapter::save`] wrote into a folder. By default an adapter learns nothing: it is
    /// fitted to no values.
    ///
    /// # Errors
    ///
    /// When a file is missing or broken.
    fn load(&self, side: &Side<Self::Options>, _folder: &Path) -> Result<Self::Adapter, AdapterError> {
        self.fit(side, &mut std::iter::empty())
    }

    /// Loads the adapter that [`Adapter::save`] wrote into a folder, and extends it by what opened values have and it
    /// lacks: tokens come behind those that it has. By default nothing is added.
    ///
    /// Tokens of the names `beside` come first, whether or not a value has them: those of another side whose tokens have
    /// the same numbers, in a model with one vocabulary for both.
    ///
    /// # Errors
    ///
    /// When a file is missing or broken, or an adapter with these options cannot be extended.
    fn extend(
        &self,
        side: &Side<Self::Options>,
        folder: &Path,
        _values: &mut dyn Iterator<Item = &Value>,
        _beside: &[String],
    ) -> Result<Self::Adapter, AdapterError> {
        self.load(side, folder)
    }
}

/// Options of a medium or another plug-in: plain data with a JSON Schema. Every type that can be is one.
///
/// ```
/// use any2any_adapter::PlugInOptions;
/// use serde_json::json;
///
/// /// Options of a side with melodies.
/// #[derive(Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
/// #[serde(deny_unknown_fields)]
/// struct Options {
///     /// The field of the dataset.
///     field: String,
///     /// Number of octaves by which notes are raised.
///     #[serde(default)]
///     octaves: i8,
/// }
///
/// /// Options with every default written out, as a run keeps them.
/// fn complete<O: PlugInOptions>(given: serde_json::Value) -> serde_json::Result<serde_json::Value> {
///     serde_json::to_value(serde_json::from_value::<O>(given)?)
/// }
///
/// assert_eq!(complete::<Options>(json!({ "field": "melody" }))?, json!({ "field": "melody", "octaves": 0 }));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub trait PlugInOptions: Serialize + DeserializeOwned + JsonSchema + Clone + Send + Sync + 'static {}

impl<T: Serialize + DeserializeOwned + JsonSchema + Clone + Send + Sync + 'static> PlugInOptions for T {}

/// Rule by which sides of an experiment share one adapter.
///
/// ```
/// use any2any_adapter::Sharing;
///
/// /// The rule for melodies: those of one instrument have one vocabulary.
/// fn sharing(instrument: Option<&str>) -> Sharing {
///     instrument.map_or(Sharing::Alone, |instrument| Sharing::Key(instrument.to_owned()))
/// }
///
/// assert_eq!(sharing(Some("piano")), sharing(Some("piano")));
/// assert_ne!(sharing(Some("piano")), sharing(Some("flute")));
/// assert_eq!(sharing(None), Sharing::Alone);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// The side has an adapter of its own.
    Alone,
    /// Sides with equal options share one, whatever `field` they read.
    EqualOptions,
    /// Sides with an equal key share one.
    Key(String),
}

/// A value as adapters take it, with warnings about it.
///
/// ```
/// use any2any_adapter::{OpenedValue, Value};
///
/// /// A melody in small letters.
/// fn opened(text: &str) -> OpenedValue {
///     let mut opened = OpenedValue::from(Value::from(text.to_lowercase()));
///     if opened.value.as_text() != Some(text) {
///         opened.warnings.push("capital letters are read as small ones".to_owned());
///     }
///     opened
/// }
///
/// assert_eq!(opened("C e g").value.as_text(), Some("c e g"));
/// assert_eq!(opened("C e g").warnings.len(), 1);
/// assert!(opened("c e g").warnings.is_empty());
/// ```
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
///
/// ```
/// use any2any_adapter::OptionProblem;
///
/// /// Problems of the options of melodies between two notes.
/// fn check(lowest: u8, highest: u8) -> Vec<OptionProblem> {
///     let problem = || OptionProblem::new("/lowest", "the lowest note is above the highest", "swap the two");
///     (lowest > highest).then(problem).into_iter().collect()
/// }
///
/// assert_eq!(check(21, 108), []);
/// assert_eq!(check(108, 21)[0].help.as_deref(), Some("swap the two"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionProblem {
    /// The JSON pointer of the place inside the options: `/tokenizer/bpe/vocab`.
    pub pointer: String,
    /// The problem.
    pub message: String,
    /// The way out.
    pub help: Option<String>,
}

impl OptionProblem {
    /// A problem at a place, and the way out.
    pub fn new(pointer: impl Into<String>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), message: message.into(), help: Some(help.into()) }
    }
}

/// An event of a recording: a stimulus, a key that was pressed, a stage of sleep.
///
/// ```
/// use any2any_adapter::Event;
///
/// /// An event of a line such as `12.5 left hand`.
/// fn event(line: &str) -> Option<Event> {
///     let (second, label) = line.split_once(' ')?;
///     Some(Event { second: second.parse().ok()?, duration: None, label: label.to_owned() })
/// }
///
/// let event = event("12.5 left hand").expect("a second and a label");
/// assert_eq!((event.second, event.label.as_str()), (12.5, "left hand"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The start, in seconds from the first sample.
    pub second: f64,
    /// The duration in seconds, if the recording has it.
    pub duration: Option<f64>,
    /// The name of the event.
    pub label: String,
}
