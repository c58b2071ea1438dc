//! Translation of encoded sources.

use any2any_adapter::Sequence;
use any2any_experiment::spec::Decoding;
use any2any_run::Task;

use super::Translator;
use crate::decode::Output;
use crate::error::TranslateError;

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
