//! Outputs token by token, as they are chosen.

use any2any_adapter::Sequence;
use any2any_experiment::spec::Decoding;
use any2any_run::Task;
use any2any_search::{Considered, Fate, Observer};

use crate::decode::{Output, asked};
use crate::error::TranslateError;
use crate::translator::Translator;

impl Translator {
    /// Decodes one target, with or without a source, and calls `each` with every token and its log-probability as it is
    /// chosen, but not with the end token.
    ///
    /// # Errors
    ///
    /// If a value cannot be read, the task writes frames, or the decoding is a beam search, which chooses nothing
    /// before its end.
    pub fn stream(
        &self,
        task: &Task,
        source: Option<&Sequence>,
        prefix: &[u32],
        decoding: &Decoding,
        each: &mut dyn FnMut(u32, f32),
    ) -> Result<Output, TranslateError> {
        task.require_tokens()?;
        if decoding.beam.is_some() {
            return Err(TranslateError::Unsupported(
                "a beam search chooses nothing before its end, so it cannot be streamed; decode greedily or by sampling"
                    .to_owned(),
            ));
        }
        let outputs = self.search_one_observed(task, source, prefix, decoding, &mut Telling(each))?;
        outputs.into_iter().next().ok_or_else(|| TranslateError::Search("nothing was written".to_owned()))
    }

    /// Searches for the outputs of one source, or of none, with an observer of everything that is considered.
    ///
    /// # Errors
    ///
    /// If a source is missing, the search fails, or a result cannot be written.
    pub fn search_one_observed(
        &self,
        task: &Task,
        source: Option<&Sequence>,
        prefix: &[u32],
        decoding: &Decoding,
        observer: &mut dyn Observer,
    ) -> Result<Vec<Output>, TranslateError> {
        if source.is_none() && task.source().is_some() {
            return Err(task.source_missing().into());
        }
        let sources: Vec<_> = source.into_iter().collect();
        let task = &*asked(task, decoding)?;
        let row = self.row(task, 0, source.map(Sequence::len), prefix, decoding);
        let mut outputs = self.run_search_observed(task, &sources, &[row], decoding, observer)?;
        Ok(outputs.pop().unwrap_or_default())
    }
}

/// Observer that reports every token that is chosen.
struct Telling<'a>(&'a mut dyn FnMut(u32, f32));

impl Observer for Telling<'_> {
    fn considered(&mut self, _source: usize, _position: usize, considered: &Considered) {
        if let (Some(token), Fate::Kept { .. }) = (considered.token, considered.fate) {
            (self.0)(token, considered.log_probability);
        }
    }
}
