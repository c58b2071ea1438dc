//! Translations source by source: the error of one that cannot be read takes its place, and warnings about a source go
//! with its results.

use any2any_adapter::{Encoded, Kind, OpenedValue, Sequence, Value};
use any2any_experiment::spec::Decoding;
use any2any_run::Task;
use rayon::prelude::*;

use crate::decode::Output;
use crate::error::TranslateError;
use crate::oddities::is_blank;
use crate::translator::Translator;

/// The results for one source.
#[derive(Clone, Debug, Default)]
pub struct Translated {
    /// The outputs, the best first.
    pub outputs: Vec<Output>,
    /// Warnings about the source, which was read in spite of them.
    pub warnings: Vec<String>,
}

/// A source as the model reads it.
struct Source {
    sequence: Sequence,
    /// True for a text of nothing but spaces.
    is_blank: bool,
    warnings: Vec<String>,
}

impl Translator {
    /// Translates values in the order given, with an error in the place of each that cannot be read.
    ///
    /// A text of nothing but spaces gives an empty text, without a search. All other outputs begin with `prefix`.
    ///
    /// # Errors
    ///
    /// If the task has no source or a result cannot be written.
    pub fn translate_each(
        &self,
        task: &Task,
        values: &[Value],
        decoding: &Decoding,
        prefix: Option<&Value>,
    ) -> Result<Vec<Result<Translated, TranslateError>>, TranslateError> {
        let prefix = task.read_prefix(prefix)?;
        task.require_source()?;
        let read: Vec<Result<Source, TranslateError>> =
            values.par_iter().map(|value| self.read_source(task, value)).collect();
        let sources: Vec<Option<&Sequence>> = read
            .iter()
            .map(|source| {
                source.as_ref().ok().filter(|source| !source.is_blank).map(|source| &source.sequence)
            })
            .collect();
        let mut found = self.search_some(task, &sources, decoding, &prefix)?.into_iter();
        let results = read.into_iter().map(|source| {
            let outputs = found.next().unwrap_or_default();
            source.map(|source| Translated { outputs, warnings: source.warnings })
        });
        Ok(results.collect())
    }

    /// Searches for the sources that there are; every other one gives an empty output.
    ///
    /// The sampling of a source depends on its index among all.
    pub(crate) fn search_some(
        &self,
        task: &Task,
        sources: &[Option<&Sequence>],
        decoding: &Decoding,
        prefix: &[u32],
    ) -> Result<Vec<Vec<Output>>, TranslateError> {
        let places: Vec<usize> = (0..sources.len()).filter(|&place| sources[place].is_some()).collect();
        let there: Vec<&Sequence> = sources.iter().copied().flatten().collect();
        let found = self.search_numbered(task, &there, &places, decoding, prefix)?;
        let mut results: Vec<Vec<Output>> = sources.iter().map(|_| vec![Output::empty()]).collect();
        for (place, outputs) in places.into_iter().zip(found) {
            results[place] = outputs;
        }
        Ok(results)
    }

    /// True for a text of nothing but spaces whose output is a text, which is then empty.
    pub(crate) fn gives_nothing(&self, task: &Task, source: &Value) -> bool {
        is_blank(source) && task.target_medium().kind() == Kind::Text
    }

    fn read_source(&self, task: &Task, value: &Value) -> Result<Source, TranslateError> {
        if self.limits_sources() {
            self.require_short(task.sides().price_source(value)?.positions.unwrap_or(0))?;
        }
        let opened = task.sides().opened_source(value)?;
        let encoded = task.encode_source(&opened.value)?;
        self.require_short(encoded.sequence.len() as u64)?;
        let is_blank = self.gives_nothing(task, &opened.value);
        let warnings = self.source_warnings(task, &encoded, opened);
        Ok(Source { sequence: encoded.sequence, is_blank, warnings })
    }

    /// Warnings about a source, from its medium, and about pieces that the model has not seen in training.
    fn source_warnings(&self, task: &Task, encoded: &Encoded, opened: OpenedValue) -> Vec<String> {
        let mut warnings = opened.warnings;
        let unknown =
            task.source().map(|adapter| adapter.unknown(encoded, &opened.value)).unwrap_or_default();
        if !unknown.is_empty() {
            warnings.push(format!(
                "unknown to the model, which guesses what stands in their place: {}",
                unknown.join(", ")
            ));
        }
        let (length, most) = (encoded.sequence.len(), self.experiment.training.batch.max_source_length);
        if length > most {
            warnings.push(format!(
                "the source has {length} positions, more than the {most} of training.batch.max_source_length: \
                 the model has seen none as long, so parts may be missing; cut it into shorter ones"
            ));
        }
        warnings
    }
}
