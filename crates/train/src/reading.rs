//! Values read apart from the model: a server opens and encodes what it is given on other threads than the one
//! that the model works on.

use std::borrow::Cow;

use any2any_adapter::{AdapterError, Encoded, Head, OpenedValue, Price, Region, Sequence, Value};
use any2any_data::Samples;
use any2any_experiment::spec::Decoding;

use crate::adapters::{AdapterSet, TaskAdapters};
use crate::error::TrainError;
use crate::searching::Output;
use crate::sides::Role;
use crate::translator::Translator;

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
    pub fn columns<'a>(&self, samples: &'a Samples) -> Result<Columns<'a>, TrainError> {
        let sources = self.source_side.as_ref().map(|side| side.column(samples)).transpose()?;
        Ok(Columns { sources, targets: self.target_side.column(samples)? })
    }

    /// A source as adapters take it.
    ///
    /// # Errors
    ///
    /// When the task has no source, or its medium cannot read the value.
    pub fn open_source(&self, value: &Value) -> Result<Value, TrainError> {
        Ok(self.opened_source(value)?.value)
    }

    /// The same, with what is odd about the value.
    ///
    /// # Errors
    ///
    /// As [`open_source`](Self::open_source).
    pub fn opened_source(&self, value: &Value) -> Result<OpenedValue, TrainError> {
        let side = self.source_side.as_ref().ok_or_else(|| self.no_source())?;
        side.open(value).map_err(|error| self.error(Role::Source, error))
    }

    /// What it takes to open a source, from its header alone.
    ///
    /// # Errors
    ///
    /// As [`open_source`](Self::open_source).
    pub fn price_source(&self, value: &Value) -> Result<Price, TrainError> {
        let side = self.source_side.as_ref().ok_or_else(|| self.no_source())?;
        side.price(value).map_err(|error| self.error(Role::Source, error))
    }

    /// What it takes to open a target, from its header alone.
    ///
    /// # Errors
    ///
    /// As [`open_target`](Self::open_target).
    pub fn price_target(&self, value: &Value) -> Result<Price, TrainError> {
        self.target_side.price(value).map_err(|error| self.error(Role::Target, error))
    }

    /// A target as adapters take it.
    ///
    /// # Errors
    ///
    /// When its medium cannot read the value.
    pub fn open_target(&self, value: &Value) -> Result<Value, TrainError> {
        let opened = self.target_side.open(value).map_err(|error| self.error(Role::Target, error))?;
        Ok(opened.value)
    }

    fn no_source(&self) -> TrainError {
        TrainError::Unsupported(format!("task '{}' has no source: leave it out", self.name))
    }

    pub(crate) fn error(&self, role: Role, source: AdapterError) -> TrainError {
        TrainError::Adapter { side: format!("{} {}", self.name, role.word()), source }
    }
}

impl AdapterSet {
    /// An opened source as the sequence that the model reads.
    ///
    /// # Errors
    ///
    /// When the task has no source, or its adapter cannot read the value.
    pub fn encode_source(&self, task: usize, opened: &Value) -> Result<Encoded, TrainError> {
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
    pub fn encode_prefix(&self, task: usize, opened: &Value) -> Result<Vec<u32>, TrainError> {
        let names = &self.tasks()[task];
        let Some(Head::Softmax { end, forbidden, .. }) = self.adapter(names.target).head() else {
            let message = format!(
                "task '{}' writes frames, which begin with no given ones: give no prefix",
                names.name
            );
            return Err(TrainError::Unsupported(message));
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
            pieces => Err(TrainError::Prefix { task: names.name.clone(), pieces: pieces.to_vec() }),
        }
    }

    /// An opened target as the sequence that the model writes.
    ///
    /// # Errors
    ///
    /// When its adapter cannot read the value.
    pub fn encode_target(&self, task: usize, opened: &Value) -> Result<Encoded, TrainError> {
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

impl Translator {
    /// Translates sources that are read already; every output begins with the tokens of `prefix`.
    ///
    /// What sampling draws for a source depends on its number among `sources`, and on nothing else of them.
    ///
    /// # Errors
    ///
    /// When the task has no source, or a result cannot be written.
    pub fn translate_sequences(
        &self,
        task: usize,
        sources: &[&Sequence],
        decoding: &Decoding,
        prefix: &[u32],
    ) -> Result<Vec<Vec<Output>>, TrainError> {
        self.adapters.tasks()[task].source.ok_or_else(|| self.no_source(task))?;
        self.search(task, sources, decoding, prefix)
    }

    /// Writes without a source, as often as there are `results`; every output begins with the tokens of `prefix`.
    ///
    /// # Errors
    ///
    /// When the task has a source, or a result cannot be written.
    pub fn complete_tokens(
        &self,
        task: usize,
        prefix: &[u32],
        decoding: &Decoding,
        results: usize,
    ) -> Result<Vec<Vec<Output>>, TrainError> {
        let rows: Vec<_> =
            (0..results).map(|number| self.row(task, number, None, prefix, decoding)).collect();
        self.run_search(task, &[], &rows, decoding)
    }
}
