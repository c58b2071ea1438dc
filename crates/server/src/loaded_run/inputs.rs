//! Inputs of requests, read within the limits of the server.

use any2any_adapter::{File, Sequence, Value};
use any2any_inspect::ReadSource;
use any2any_run::{Role, Task};
use any2any_translate::EncodedSource;

use super::LoadedRun;
use crate::api_error::ApiError;
use crate::budget::Price;
use crate::protocol::Input;

/// The longest allowed source or target, in positions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Longest(pub usize);

impl Longest {
    /// The most positions of several inputs together.
    pub(crate) fn several(self) -> Self {
        Self(8 * self.0)
    }

    /// Fails if there are more positions.
    pub(crate) fn check(self, positions: usize) -> Result<(), ApiError> {
        if positions <= self.0 { Ok(()) } else { Err(too_long(positions, "positions", self.0)) }
    }
}

impl LoadedRun {
    /// The value of an input, for one side of a task, not opened yet.
    pub(crate) fn value(
        &self,
        task: &Task,
        role: Role,
        given: &Input,
        longest: Longest,
    ) -> Result<Value, ApiError> {
        match given {
            // A text so long is too long however it is tokenized.
            Input::Text(text) if text.len() > 64 * longest.0 => {
                Err(too_long(text.len(), "bytes", 64 * longest.0))
            }
            Input::Text(text) => Ok(Value::from(text.as_str())),
            Input::Sample(sample) => self.sample(task, role, sample),
            Input::File(file) => {
                // Only the extension of the name is used: it tells the format.
                let extension = file.name.rsplit_once('.').map_or("", |(_, extension)| extension);
                let plain = extension.chars().all(|character| character.is_ascii_alphanumeric());
                let name = match plain && extension.len() <= 8 {
                    true => format!("given.{extension}"),
                    false => "given".to_owned(),
                };
                Ok(File::in_memory(name, file.content.0.clone()).into())
            }
        }
    }

    /// The price of opening an input, whose header already shows whether it is short enough.
    pub(crate) fn price_of_opening(
        &self,
        task: &Task,
        role: Role,
        given: &Input,
        longest: Longest,
    ) -> Result<Price, ApiError> {
        let value = self.value(task, role, given, longest)?;
        let price = match role {
            Role::Source => task.sides().price_source(&value)?,
            Role::Target => task.sides().price_target(&value)?,
        };
        longest.check(usize::try_from(price.positions.unwrap_or(0)).unwrap_or(usize::MAX))?;
        Ok(Price { memory: price.bytes, products: 0 })
    }

    /// Reads a window of the source of a request: required if the task has a source, forbidden if it has none.
    pub(crate) fn read_source(
        &self,
        task: &Task,
        given: Option<&Input>,
        window: usize,
        longest: Longest,
    ) -> Result<Option<ReadSource>, ApiError> {
        let Some(given) = given_source(task, given)? else { return Ok(None) };
        let value = self.value(task, Role::Source, given, longest)?;
        let read = ReadSource::of_window(task, &value, window)?;
        longest.check(read.sequence.len().max(read.positions.len()))?;
        Ok(Some(read))
    }

    /// Reads the source of a translation, in all of its windows or in one of them.
    pub(crate) fn read_windows(
        &self,
        task: &Task,
        given: Option<&Input>,
        window: Option<usize>,
        longest: Longest,
    ) -> Result<Option<ToTranslate>, ApiError> {
        let Some(given) = given_source(task, given)? else { return Ok(None) };
        if let Some(window) = window {
            let read = self.read_source(task, Some(given), window, longest)?;
            return Ok(read.map(|ReadSource { sequence, unknown, warnings, .. }| ToTranslate {
                source: sequence.into(),
                unknown,
                warnings,
            }));
        }
        let value = self.value(task, Role::Source, given, longest)?;
        let (source, unknown, warnings) = EncodedSource::read(task, &value)?;
        longest.check(source.lengths().max().unwrap_or(0))?;
        Ok(Some(ToTranslate { source, unknown, warnings }))
    }

    /// Tokenizes the text that an output begins with, which is no longer than an output may be.
    pub(crate) fn read_prefix(
        &self,
        task: &Task,
        text: String,
        longest: Longest,
    ) -> Result<Vec<u32>, ApiError> {
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let value = self.value(task, Role::Target, &Input::Text(text), longest)?;
        let opened = task.sides().open_target(&value)?;
        let tokens = task.encode_prefix(&opened)?;
        // The end token counts too.
        longest.check(tokens.len() + 1)?;
        Ok(tokens)
    }

    /// Reads a target, which is no longer than `longest`.
    pub(crate) fn read_target(
        &self,
        task: &Task,
        given: &Input,
        longest: Longest,
    ) -> Result<Sequence, ApiError> {
        let value = self.value(task, Role::Target, given, longest)?;
        let opened = task.sides().open_target(&value)?;
        let target = task.encode_target(&opened)?.sequence;
        longest.check(target.len())?;
        Ok(target)
    }
}

/// A source that is to be translated, with the remarks that answers carry.
pub(crate) struct ToTranslate {
    pub(crate) source: EncodedSource,
    pub(crate) unknown: Vec<String>,
    pub(crate) warnings: Vec<String>,
}

/// The source that a request gives to a task; `None` for a task without one.
fn given_source<'i>(task: &Task, given: Option<&'i Input>) -> Result<Option<&'i Input>, ApiError> {
    match (given, task.source()) {
        (Some(given), _) => Ok(Some(given)),
        (None, None) => Ok(None),
        (None, Some(_)) => {
            let help = r#"add for instance "source": { "text": "..." }"#;
            Err(ApiError::wrong("no_source", "this task writes from a source, and none is given", help))
        }
    }
}

/// Fails unless all are tokens of the task's target.
pub(crate) fn require_tokens(task: &Task, tokens: &[u32]) -> Result<(), ApiError> {
    if tokens.is_empty() {
        return Ok(());
    }
    let Some(known) = task.vocabulary() else {
        let message = "this task writes frames, so it continues no tokens";
        return Err(ApiError::wrong("token", message, "leave the tokens out"));
    };
    match tokens.iter().find(|&&token| token as usize >= known) {
        None => Ok(()),
        Some(token) => {
            let message = format!("there is no token {token}: the vocabulary has {known}, from 0");
            Err(ApiError::wrong("token", message, "/api/vocabulary lists the tokens"))
        }
    }
}

fn too_long(length: usize, unit: &str, most: usize) -> ApiError {
    let message = format!("the input has {length} {unit}; at most {most} are taken");
    ApiError::too_large(message, "shorten it")
}
