//! Inputs of requests: the model that answers, values and prefixes.

use std::fmt;
use std::sync::Arc;

use any2any_run::{RunError, Task};
use schemars::JsonSchema;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::reference::Reference;
use any2any_portable::Bytes;

/// The model that answers: fields of the body of every request, which may be left out.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Model {
    /// The run.
    pub run: Reference,
    /// The checkpoint: `best`, `last`, or one of those that the run lists.
    pub checkpoint: String,
}

impl Default for Model {
    fn default() -> Self {
        Self { run: Reference::default(), checkpoint: "best".to_owned() }
    }
}

/// The languages of a task that is told them: fields of the body of every request, which may be left out. `/api/runs`
/// lists those that a task knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Languages {
    /// The language of sources, such as `deu_Latn`; left out, that of the run's experiment.
    pub source_language: Option<String>,
    /// The language of targets; left out, that of the run's experiment.
    pub target_language: Option<String>,
}

impl Languages {
    /// The task in these languages; where none is named, in its own.
    pub(crate) fn of(&self, task: &Arc<Task>) -> Result<Arc<Task>, RunError> {
        match self {
            Self { source_language: None, target_language: None } => Ok(task.clone()),
            Self { source_language, target_language } => {
                task.in_languages(source_language.as_deref(), target_language.as_deref()).map(Arc::new)
            }
        }
    }
}

/// A value of a medium.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Input {
    /// A text.
    Text(String),
    /// A sample of the task's data.
    Sample(InputSample),
    /// A file, with its bytes.
    File(InputFile),
}

/// The beginning of an output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Prefix {
    /// Token ids.
    Tokens(Vec<u32>),
    /// A text, tokenized as a target.
    Text(String),
}

impl Default for Prefix {
    fn default() -> Self {
        Self::Tokens(Vec::new())
    }
}

// Written by hand, since serde's derive keeps all values in a tree before it knows what they are.
impl<'de> Deserialize<'de> for Prefix {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Prefix;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a prefix, which is an array of tokens, or a text")
            }

            fn visit_str<E>(self, text: &str) -> Result<Prefix, E> {
                Ok(Prefix::Text(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut tokens: A) -> Result<Prefix, A::Error> {
                let mut all = Vec::new();
                while let Some(token) = tokens.next_element()? {
                    all.push(token);
                }
                Ok(Prefix::Tokens(all))
            }
        }

        deserializer.deserialize_any(Either)
    }
}

/// The name of a sample of the task's data.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct InputSample {
    /// The split.
    pub split: String,
    /// The sample's number in the split, from 0.
    pub number: usize,
}

/// A file with its bytes. It is never written to a disk, and its name is never looked up on one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct InputFile {
    /// The file's name, whose extension tells the format.
    pub name: String,
    /// The file's bytes.
    pub content: Bytes,
}
