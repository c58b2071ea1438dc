//! Translation of sources that are read already.

use any2any_adapter::Sequence;
use any2any_experiment::spec::Decoding;
use any2any_run::Task;

use super::{Translator, no_source};
use crate::decode::Output;
use crate::error::TranslateError;

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
        task: &Task,
        sources: &[&Sequence],
        decoding: &Decoding,
        prefix: &[u32],
    ) -> Result<Vec<Vec<Output>>, TranslateError> {
        task.source().ok_or_else(|| no_source(task))?;
        self.search(task, sources, decoding, prefix)
    }

    /// Writes without a source, as often as there are `results`; every output begins with the tokens of `prefix`.
    ///
    /// # Errors
    ///
    /// When the task has a source, or a result cannot be written.
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
