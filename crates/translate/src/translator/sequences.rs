//! Translation of encoded sources.

use any2any_adapter::Sequence;
use any2any_experiment::spec::Decoding;
use any2any_run::Task;

use super::Translator;
use crate::decode::Output;
use crate::encoded_source::EncodedSource;
use crate::error::TranslateError;
use crate::translated::Translated;
use crate::windows::{Found, Searched};

impl Translator {
    /// Translates encoded sources; every output begins with the tokens of `prefix`.
    ///
    /// The sampling of a source depends on its index among `sources`, and on nothing else of them.
    ///
    /// # Errors
    ///
    /// If the task has no source, or a result cannot be written.
    pub fn translate_sequences(
        &self,
        task: &Task,
        sources: &[&Sequence],
        decoding: &Decoding,
        prefix: &[u32],
    ) -> Result<Vec<Vec<Output>>, TranslateError> {
        task.require_source()?;
        self.search(task, sources, decoding, prefix)
    }

    /// Translates encoded sources, each read in its windows; every output begins with the tokens of `prefix`.
    ///
    /// # Errors
    ///
    /// Those of [`translate_sequences`](Self::translate_sequences).
    pub fn translate_encoded(
        &self,
        task: &Task,
        sources: &[&EncodedSource],
        decoding: &Decoding,
        prefix: &[u32],
    ) -> Result<Vec<Translated>, TranslateError> {
        task.require_source()?;
        let searched = sources.iter().enumerate().map(|(number, source)| {
            let windows = source.windows();
            Searched { number, windows, phrases: Vec::new() }
        });
        let searched: Vec<Searched<'_>> = searched.collect();
        let found = self.search_windows(task, &searched, decoding, prefix)?.into_iter();
        let translated =
            |Found { outputs, detected }| Translated { outputs, detected, ..Translated::default() };
        Ok(found.map(translated).collect())
    }

    /// Writes the output of an encoded source, read in its windows, and calls `each` with every token and its
    /// log-probability as it is chosen, but not with end tokens.
    ///
    /// # Errors
    ///
    /// Those of [`stream`](Self::stream).
    pub fn stream_encoded(
        &self,
        task: &Task,
        source: &EncodedSource,
        prefix: &[u32],
        decoding: &Decoding,
        each: &mut dyn FnMut(u32, f32),
    ) -> Result<Translated, TranslateError> {
        task.require_source()?;
        let Found { outputs, detected } = self.stream_windows(task, source, prefix, decoding, each)?;
        Ok(Translated { outputs, detected, ..Translated::default() })
    }

    /// Generates `results` outputs without a source, each of which begins with the tokens of `prefix`.
    ///
    /// # Errors
    ///
    /// If the task has a source, or a result cannot be written.
    pub fn complete_tokens(
        &self,
        task: &Task,
        prefix: &[u32],
        decoding: &Decoding,
        results: usize,
    ) -> Result<Vec<Vec<Output>>, TranslateError> {
        let rows: Vec<_> =
            (0..results).map(|number| self.row(task, number, None, prefix, decoding)).collect();
        self.run_search(task, &[], &rows, decoding)
    }
}
