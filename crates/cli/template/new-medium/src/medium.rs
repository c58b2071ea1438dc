//! The medium: its options, its files, and what it learns from the training split.

use std::collections::BTreeSet;
use std::path::Path;

use any2any::schemars::JsonSchema;
use any2any::serde::{Deserialize, Serialize};
use any2any::{AdapterError, Kind, Medium, OpenedValue, OptionProblem, Package, Sharing, Side, Value};

use crate::adapter::{NOTES_FILE, NotesAdapter};
use crate::value::{Melody, Note};

/// Notes of music.
#[derive(Clone)]
pub(crate) struct Notes;

/// Options of a side, as an experiment writes them.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(crate = "any2any::serde", deny_unknown_fields)]
#[schemars(crate = "any2any::schemars")]
pub(crate) struct Options {
    /// The field of the dataset that holds the notes, as a text or as a file.
    #[schemars(length(min = 1))]
    field: String,
    /// The form in which the model reads or writes notes.
    #[serde(default)]
    form: Form,
    /// Number of frames that enter the model together, as one position; above 1, notes are read and not written.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 8))]
    stride: usize,
}

fn one() -> usize {
    1
}

/// Form of a sequence of notes.
#[derive(Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(crate = "any2any::serde", rename_all = "snake_case")]
#[schemars(crate = "any2any::schemars")]
pub(crate) enum Form {
    /// A token for each note, of those that the training split has.
    #[default]
    Tokens,
    /// A frame for each note, of ones and zeros that tell its key, octave and beats.
    Frames,
}

impl Medium for Notes {
    type Options = Options;
    type Adapter = NotesAdapter;

    fn name(&self) -> &str {
        "__MEDIUM__"
    }

    /// Runs keep the name and the version of this crate.
    fn package(&self) -> Package {
        any2any::package!()
    }

    /// What opened values are: neither texts nor pictures nor signals.
    fn kind(&self) -> Kind {
        Kind::Custom
    }

    fn extensions(&self) -> Vec<&str> {
        vec!["notes"]
    }

    /// What the schema cannot tell. The place is a pointer into the options: the message stands at its line of the YAML.
    fn check(&self, options: &Options) -> Vec<OptionProblem> {
        let problem = || {
            let help = "add `form: frames`, or leave `stride` out";
            OptionProblem::new("/stride", "only frames are read several at a time", help)
        };
        (options.form == Form::Tokens && options.stride > 1).then(problem).into_iter().collect()
    }

    fn fields(&self, options: &Options) -> Vec<String> {
        vec![options.field.clone()]
    }

    /// Sides with the same form have one vocabulary and one embedding, whatever field they read.
    fn sharing(&self, _options: &Options) -> Sharing {
        Sharing::EqualOptions
    }

    /// A value is opened once, before anything is learned. An error leaves its sample out, named and counted.
    fn open(&self, _side: &Side<Options>, value: &Value) -> Result<OpenedValue, AdapterError> {
        let melody = match value {
            Value::Text(text) => Melody::parse(text.as_bytes()).map_err(AdapterError::value)?,
            Value::File(file) => {
                let broken = |reason: String| AdapterError::Broken { file: file.to_string(), reason };
                let bytes = file.bytes().map_err(|error| broken(error.to_string()))?;
                Melody::parse(&bytes).map_err(broken)?
            }
            _ => return Err(AdapterError::other_medium("a text or a file of notes", value)),
        };
        Ok(Value::custom(melody).into())
    }

    /// Learns the vocabulary. The same values must give the same adapter, so notes are put in order.
    fn fit(
        &self,
        side: &Side<Options>,
        values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<NotesAdapter, AdapterError> {
        if side.form == Form::Frames {
            return Ok(NotesAdapter::Frames { stride: side.stride });
        }
        let mut vocabulary = BTreeSet::new();
        for value in values {
            vocabulary.extend(Melody::notes_of(value)?);
        }
        Ok(NotesAdapter::Tokens { vocabulary: vocabulary.into_iter().collect() })
    }

    /// Loads what the adapter saved. What is in the options need not be saved: runs keep them.
    fn load(&self, side: &Side<Options>, folder: &Path) -> Result<NotesAdapter, AdapterError> {
        if side.form == Form::Frames {
            return Ok(NotesAdapter::Frames { stride: side.stride });
        }
        let names: Vec<String> = any2any::frames::load(folder, NOTES_FILE)?;
        let broken = |reason| AdapterError::File { path: folder.join(NOTES_FILE), reason };
        let vocabulary: Result<Vec<Note>, String> = names.iter().map(|name| name.parse()).collect();
        Ok(NotesAdapter::Tokens { vocabulary: vocabulary.map_err(broken)? })
    }
}
