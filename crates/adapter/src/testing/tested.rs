//! Medium whose options are given as JSON, for the tests of media.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::erased::ErasedMedium;
use crate::{
    Adapter, AdapterError, AnyMedium, AnySide, Kept, Medium, OpenedValue, OptionProblem, Price, Value,
};

/// Medium whose options are given as JSON, as an experiment gives them: with the checks that stand between a registry
/// and the medium.
///
/// With the medium of [`Medium`]'s example:
///
/// ```
/// # mod notes { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/medium/notes.rs")); }
/// use any2any_adapter::testing::Tested;
/// use notes::Notes;
/// use serde_json::json;
///
/// let notes = Tested(Notes);
/// let options = json!({ "field": "melody" });
/// assert_eq!(notes.check(&options), []);
/// assert!(notes.check(&json!({ "field": 3 }))[0].message.contains("expected a string"));
/// let adapter = notes.fit(&options, &mut std::iter::empty())?;
/// let error = adapter.encode(&"c x".into()).expect_err("x is no note");
/// assert_eq!(error.to_string(), "cannot read this value: 'x' is no note: write one of c d e f g a b");
/// # Ok::<(), any2any_adapter::AdapterError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Tested<M>(pub M);

impl<M: Medium + Clone> Tested<M> {
    fn medium(&self) -> ErasedMedium<M> {
        ErasedMedium(Arc::new(self.0.clone()))
    }

    /// Side of sound options.
    ///
    /// # Errors
    ///
    /// When the options do not parse, or have a problem.
    pub fn side(&self, options: &Json) -> Result<Arc<dyn AnySide>, AdapterError> {
        self.medium().sound_side(options, &Kept::default())
    }

    /// Problems of options: why they do not parse, or those that the medium finds.
    pub fn check(&self, options: &Json) -> Vec<OptionProblem> {
        match self.medium().side(options, &Kept::default()) {
            Ok(side) => side.problems(),
            Err(problem) => vec![problem],
        }
    }

    /// Problems of the files that sound options name; none if the options are not sound.
    pub fn check_files(&self, options: &Json) -> Vec<OptionProblem> {
        self.side(options).map_or_else(|_| Vec::new(), |side| side.file_problems())
    }

    /// Options with every default written out; as they are if they are not sound.
    pub fn resolve(&self, options: &Json) -> Json {
        self.side(options).map_or_else(|_| options.clone(), |side| side.options())
    }

    /// Fields of the dataset that sound options read.
    pub fn fields(&self, options: &Json) -> Vec<String> {
        self.side(options).map_or_else(|_| Vec::new(), |side| side.fields())
    }

    /// Key by which sides with sound options share an adapter.
    pub fn sharing(&self, options: &Json) -> Option<String> {
        self.side(options).ok()?.sharing()
    }

    /// A value as adapters take it.
    ///
    /// # Errors
    ///
    /// When the options are not sound, or the value cannot be read.
    pub fn open(&self, options: &Json, value: &Value) -> Result<OpenedValue, AdapterError> {
        self.side(options)?.open(value)
    }

    /// Price of opening a value.
    ///
    /// # Errors
    ///
    /// When the options are not sound, or the value cannot be read.
    pub fn price(&self, options: &Json, value: &Value) -> Result<Price, AdapterError> {
        self.side(options)?.price(value)
    }

    /// An adapter fitted to opened values.
    ///
    /// # Errors
    ///
    /// When the options are not sound, do not fit the values, or the adapter breaks a promise.
    pub fn fit(
        &self,
        options: &Json,
        values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<Arc<dyn Adapter>, AdapterError> {
        self.side(options)?.fit(values)
    }

    /// The adapter that was saved in a folder.
    ///
    /// # Errors
    ///
    /// When the options are not sound, or a file is missing or broken.
    pub fn load(&self, options: &Json, folder: &Path) -> Result<Arc<dyn Adapter>, AdapterError> {
        self.side(options)?.load(folder)
    }
}
