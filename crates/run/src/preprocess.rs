//! Preprocessing: values opened by their medium and encoded by their adapter, apart from the model. A server does so
//! on other threads than the one that the model works on.

use std::borrow::Cow;

use any2any_adapter::{AdapterError, Encoded, Head, OpenedValue, Price, Region, Value};
use any2any_data::Samples;

use crate::adapters::{AdapterSet, TaskAdapters};
use crate::error::RunError;
use crate::task_side::Role;

/// The values of a split as they stand in the dataset, which nobody has opened yet.
pub struct Columns<'a> {
    /// The sources; `None` when the task has none.
    pub sources: Option<Cow<'a, [Value]>>,
    /// The targets.
    pub targets: Cow<'a, [Value]>,
}

impl TaskAdapters {
    /// The values of a split that the task reads.
    ///
    /// # Errors
    ///
    /// When a field is missing.
    pub fn columns<'a>(&self, samples: &'a Samples) -> Result<Columns<'a>, RunError> {
        let sources = self.source_side.as_ref().map(|side| side.column(samples)).transpose()?;
        Ok(Columns { sources, targets: self.target_side.column(samples)? })
    }

    /// A source as adapters take it.
    ///
    /// # Errors
    ///
    /// When the task has no source, or its medium cannot read the value.
    pub fn open_source(&self, value: &Value) -> Result<Value, RunError> {
        Ok(self.opened_source(value)?.value)
    }

    /// The opened value, with what is odd about it.
    ///
    /// # Errors
    ///
    /// As [`open_source`](Self::open_source).
    pub fn opened_source(&self, value: &Value) -> Result<OpenedValue, RunError> {
        let side = self.source_side.as_ref().ok_or_else(|| self.no_source())?;
        side.open(value).map_err(|error| self.error(Role::Source, error))
    }

    /// What it takes to open a source, from its header alone.
    ///
    /// # Errors
    ///
    /// As [`open_source`](Self::open_source).
    pub fn price_source(&self, value: &Value) -> Result<Price, RunError> {
        let side = self.source_side.as_ref().ok_or_else(|| self.no_source())?;
        side.price(value).map_err(|error| self.error(Role::Source, error))
    }

    /// What it takes to open a target, from its header alone.
    ///
    /// # Errors
    ///
    /// As [`open_target`](Self::open_target).
    pub fn price_target(&self, value: &Value) -> Result<Price, RunError> {
        self.target_side.price(value).map_err(|error| self.error(Role::Target, error))
    }

    /// A target as adapters take it.
    ///
    /// # Errors
    ///
    /// When its medium cannot read the value.
    pub fn open_target(&self, value: &Value) -> Result<Value, RunError> {
        let opened = self.target_side.open(value).map_err(|error| self.error(Role::Target, error))?;
        Ok(opened.value)
    }

    fn no_source(&self) -> RunError {
        RunError::Unsupported(format!("task '{}' has no source: leave it out", self.name))
    }

    /// An error of one side's adapter or medium.
    pub fn error(&self, role: Role, source: AdapterError) -> RunError {
        RunError::Adapter { side: format!("{} {}", self.name, role.word()), source }
    }
}

impl AdapterSet {
    /// An opened source as the sequence that the model reads.
    ///
    /// # Errors
    ///
    /// When the task has no source, or its adapter cannot read the value.
    pub fn encode_source(&self, task: usize, opened: &Value) -> Result<Encoded, RunError> {
        let names = &self.tasks()[task];
        let source = names.source.ok_or_else(|| names.no_source())?;
        self.adapter(source).encode(opened).map_err(|error| names.error(Role::Source, error))
    }

    /// An opened target as the tokens that an output begins with: without the end.
    ///
    /// # Errors
    ///
    /// When the task writes frames, its adapter cannot read the value, or the vocabulary lacks a piece of it, which
    /// then would come out as another.
    pub fn encode_prefix(&self, task: usize, opened: &Value) -> Result<Vec<u32>, RunError> {
        let names = &self.tasks()[task];
        let Some(Head::Softmax { end, forbidden, .. }) = self.adapter(names.target).head() else {
            let message = format!(
                "task '{}' writes frames, which begin with no given ones: give no prefix",
                names.name
            );
            return Err(RunError::Unsupported(message));
        };
        let encoded = self.encode_target(task, opened)?;
        let tokens = encoded.sequence.tokens().unwrap_or_default();
        let tokens = tokens.strip_suffix(&[end]).unwrap_or(tokens);
        let lacking = tokens.iter().zip(&encoded.regions).filter(|(token, _)| forbidden.contains(token));
        let mut pieces: Vec<String> = Vec::new();
        for (token, region) in lacking {
            let piece = match covered(opened, region) {
                Some(piece) if piece.trim().is_empty() => piece.to_owned(),
                Some(piece) => piece.trim().to_owned(),
                None => self.adapter(names.target).show(*token),
            };
            if !pieces.contains(&piece) {
                pieces.push(piece);
            }
        }
        match &pieces[..] {
            [] => Ok(tokens.to_vec()),
            pieces => Err(RunError::Prefix { task: names.name.clone(), pieces: pieces.to_vec() }),
        }
    }

    /// An opened target as the sequence that the model writes.
    ///
    /// # Errors
    ///
    /// When its adapter cannot read the value.
    pub fn encode_target(&self, task: usize, opened: &Value) -> Result<Encoded, RunError> {
        let names = &self.tasks()[task];
        self.adapter(names.target).encode(opened).map_err(|error| names.error(Role::Target, error))
    }
}

/// The part of a value that a position of its sequence covers, where it is a part of a text.
fn covered<'v>(value: &'v Value, region: &Region) -> Option<&'v str> {
    match (value, region) {
        (Value::Text(text), Region::Bytes(range)) => text.get(range.clone()),
        _ => None,
    }
}
