//! Ensembles: translators of several runs that write one output together.

use any2any_adapter::{Adapter, Head};
use any2any_run::Task;

use super::Translator;
use crate::error::TranslateError;

impl Translator {
    /// A translator that decodes together with others: the probability of each token is the mean of all. It reads
    /// sources with its own adapters, and everything but decoding stays its own.
    ///
    /// # Errors
    ///
    /// If one of the others lacks the task, or reads or writes it with another vocabulary.
    pub fn with_ensemble(&self, task: &Task, others: Vec<Self>) -> Result<Self, TranslateError> {
        task.require_tokens()?;
        for other in &others {
            let run = other.run.as_deref().map_or("a run".to_owned(), |run| run.display().to_string());
            let theirs = other
                .ensemble_task(task)
                .map_err(|error| TranslateError::Unsupported(format!("{run}: {error}")))?;
            let differs = |side: &str, difference: String| {
                TranslateError::Unsupported(format!(
                    "{run}: the {side} of task '{}' has {difference}: the runs of an ensemble need equal vocabularies, \
                     as those of one experiment have that are trained with different seeds",
                    task.name()
                ))
            };
            if let Some(difference) = difference(task.target().as_ref(), theirs.target().as_ref()) {
                return Err(differs("target", difference));
            }
            match (task.source(), theirs.source()) {
                (Some(ours), Some(theirs)) => {
                    if let Some(difference) = difference(ours.as_ref(), theirs.as_ref()) {
                        return Err(differs("source", difference));
                    }
                }
                (None, None) => {}
                _ => return Err(differs("source", "no counterpart in one of the runs".to_owned())),
            }
            // Frames tell nothing of how they were made.
            let (ours, others) = (&task.spec().source, &theirs.spec().source);
            if task.source().is_none_or(|source| source.head().is_none()) && ours != others {
                return Err(differs("source", "other options".to_owned()));
            }
            if task.is_per_position() != theirs.is_per_position() {
                return Err(differs("target", "another value of `per_position`".to_owned()));
            }
        }
        Ok(Self { ensemble: others.into(), ..self.clone() })
    }

    /// The task of the same name; or the only one.
    pub(crate) fn ensemble_task(&self, task: &Task) -> Result<&Task, TranslateError> {
        let named = self.task(Some(task.name()));
        let found = if self.adapters.tasks().len() == 1 { self.task(None) } else { named };
        Ok(found?.as_ref())
    }
}

/// The difference between the sequences of two adapters; `None` if one can stand in for the other.
fn difference(ours: &dyn Adapter, theirs: &dyn Adapter) -> Option<String> {
    if ours.stem() != theirs.stem() || ours.head() != theirs.head() {
        return Some("another size or other special tokens".to_owned());
    }
    let Some(Head::Softmax { vocabulary, .. }) = ours.head() else { return None };
    let token = (0..vocabulary as u32).find(|&token| ours.show(token) != theirs.show(token))?;
    Some(format!("`{}` as token {token} and not `{}`", theirs.show(token), ours.show(token)))
}
