//! The model's own distribution over the next token.

use any2any_adapter::{Sequence, Value};
use any2any_run::{Role, Task};
use any2any_search::{Cancellable, Stepper, log_sum_exp};

use super::Translator;
use crate::error::TranslateError;

impl Translator {
    /// The most probable tokens after a prefix, in falling order, by the model's own distribution.
    ///
    /// # Errors
    ///
    /// If the source or the prefix cannot be read.
    pub fn next_tokens(
        &self,
        task: &Task,
        source: Option<&Value>,
        prefix: &Value,
        count: usize,
    ) -> Result<Vec<NextToken>, TranslateError> {
        task.require_tokens()?;
        let source = match (source, task.source()) {
            (Some(value), Some(_)) => Some(task.read(Role::Source, value)?.sequence),
            _ => None,
        };
        self.next_of_tokens(task, source.as_ref(), &task.read_prefix(Some(prefix))?, count)
    }

    /// The most probable next tokens after an encoded source and the tokens written so far, without the begin token.
    ///
    /// # Errors
    ///
    /// If the task writes frames, a source is missing, or a token is outside the vocabulary.
    pub fn next_of_tokens(
        &self,
        task: &Task,
        source: Option<&Sequence>,
        written: &[u32],
        count: usize,
    ) -> Result<Vec<NextToken>, TranslateError> {
        self.require_own(task)?;
        task.require_languages()?;
        self.require_written(task, written)?;
        match source {
            Some(source) => self.require_source_sequence(task, source)?,
            None if task.source().is_some() => return Err(task.source_missing().into()),
            None => {}
        }
        let sources: Vec<&Sequence> = source.into_iter().collect();
        let mut tokens = vec![task.framing().begin()];
        tokens.extend(task.after_prompt(written));
        let stepper = self.stepper(task, &sources);
        let logits = last_logits(Cancellable::new(stepper, self.cancellation.clone()), &tokens)?;
        let log_sum = log_sum_exp(&logits);
        let mut order: Vec<usize> = (0..logits.len()).collect();
        order.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]).then(a.cmp(&b)));
        let target = task.target();
        Ok(order
            .into_iter()
            .take(count)
            .map(|id| NextToken {
                token: target.show(id as u32),
                id: id as u32,
                probability: (f64::from(logits[id]) - log_sum).exp() as f32,
            })
            .collect())
    }
}

/// A possible next token with its probability.
#[derive(Clone, Debug, serde::Serialize)]
#[non_exhaustive]
pub struct NextToken {
    /// The token's text.
    pub token: String,
    /// The token's id.
    pub id: u32,
    /// The token's probability.
    pub probability: f32,
}

/// Feeds one row all tokens, and gives the logits behind the last.
fn last_logits<S: Stepper>(mut stepper: S, tokens: &[u32]) -> Result<Vec<f32>, S::Error> {
    let mut logits = Vec::new();
    for &token in tokens {
        logits = stepper.step(&[token])?;
    }
    Ok(logits)
}
