//! Scoring of given pairs: the log-probability of a target for a source.

use any2any_adapter::{AdapterError, Sequence, Value};
use any2any_run::{Role, Task};

use super::Translator;
use crate::error::TranslateError;
use crate::example::Example;
use crate::per_position::mismatch;

/// The log-probability of a given pair.
#[derive(Clone, Debug, serde::Serialize)]
pub struct PairScore {
    /// The sum over the target's tokens, the end included.
    pub log_probability: f64,
    /// The number of tokens.
    pub tokens: usize,
    /// Each token with its log-probability, the end token last.
    pub by_token: Vec<(String, f32)>,
}

impl PairScore {
    /// Fails for a score that is not finite, which no message and no JSON can hold.
    fn that_is_finite(self) -> Result<Self, TranslateError> {
        let finite = self.by_token.iter().all(|(_, value)| value.is_finite());
        if finite { Ok(self) } else { Err(TranslateError::ScoreNotFinite) }
    }
}

impl Translator {
    /// The log-probabilities of given pairs. A decoder-only model has no sources.
    ///
    /// # Errors
    ///
    /// If a value cannot be read, or sources and targets differ in number.
    pub fn score(
        &self,
        task: &Task,
        sources: Option<&[Value]>,
        targets: &[Value],
    ) -> Result<Vec<PairScore>, TranslateError> {
        self.score_each(task, sources, targets)?.into_iter().collect()
    }

    /// Scores of pairs, with an error in the place of each pair that cannot be read, or whose score is not finite.
    ///
    /// # Errors
    ///
    /// If sources and targets differ in number, or the task writes frames.
    pub fn score_each(
        &self,
        task: &Task,
        sources: Option<&[Value]>,
        targets: &[Value],
    ) -> Result<Vec<Result<PairScore, TranslateError>>, TranslateError> {
        task.require_tokens()?;
        let (mut examples, mut places) = (Vec::new(), Vec::new());
        for example in pairs(task, sources, targets)? {
            places.push(example.map(|example| {
                // Scores are matched to pairs by this number.
                examples.push(Example { sample: examples.len(), ..example });
            }));
        }
        let mut scores = self.scores(task, &examples)?.into_iter();
        let scored = places.into_iter().map(|place| {
            place.and_then(|()| {
                scores
                    .next()
                    .ok_or_else(|| TranslateError::Unsupported("a pair has no score".into()))?
                    .that_is_finite()
            })
        });
        Ok(scored.collect())
    }

    /// The log-probability of an encoded pair. A decoder-only model has no source.
    ///
    /// # Errors
    ///
    /// If the task writes frames, the lengths of source and target cannot be aligned, or the score is not finite.
    pub fn score_sequences(
        &self,
        task: &Task,
        source: Option<&Sequence>,
        target: &Sequence,
    ) -> Result<PairScore, TranslateError> {
        task.require_tokens()?;
        let example = Example { sample: 0, source: source.cloned(), target: target.clone() };
        require_aligned(task, &example)?;
        let mut scores = self.scores(task, &[example])?;
        scores.pop().expect("a score for each example").that_is_finite()
    }

    fn scores(&self, task: &Task, examples: &[Example]) -> Result<Vec<PairScore>, TranslateError> {
        let adapter = task.target();
        let mut scores: Vec<Option<PairScore>> = examples.iter().map(|_| None).collect();
        let tokens = self.experiment.training.batch.tokens;
        self.losses(task, examples, tokens, |batch, loss| {
            let width = batch.target_width();
            for (row, &sample) in batch.samples.iter().enumerate() {
                let target = &examples[sample].target_tokens()[..batch.targets.lengths()[row]];
                let values = &loss.log_probabilities[row * width..][..target.len()];
                scores[sample] = Some(PairScore {
                    log_probability: values.iter().map(|&value| f64::from(value)).sum(),
                    tokens: target.len(),
                    by_token: target
                        .iter()
                        .map(|&token| adapter.show(token))
                        .zip(values.iter().copied())
                        .collect(),
                });
            }
        })?;
        Ok(scores.into_iter().flatten().collect())
    }
}

fn pairs(
    task: &Task,
    sources: Option<&[Value]>,
    targets: &[Value],
) -> Result<Vec<Result<Example, TranslateError>>, TranslateError> {
    if let (Some(sources), Some(_)) = (sources, task.source())
        && sources.len() != targets.len()
    {
        return Err(TranslateError::Unsupported(format!(
            "there are {} sources but {} targets; give one target a source",
            sources.len(),
            targets.len()
        )));
    }
    if task.source().is_some() && sources.is_none() {
        return Err(TranslateError::Unsupported(format!(
            "task '{}' needs sources beside its targets",
            task.name()
        )));
    }
    let example = |(sample, target): (usize, &Value)| {
        let source = match (sources, task.source()) {
            (Some(sources), Some(_)) => Some(task.read(Role::Source, &sources[sample])?.sequence),
            _ => None,
        };
        let example = Example { sample, source, target: task.read(Role::Target, target)?.sequence };
        require_aligned(task, &example)?;
        Ok(example)
    };
    Ok(targets.iter().enumerate().map(example).collect())
}

/// Fails when a per-position task has a target of another length than its source asks for.
fn require_aligned(task: &Task, example: &Example) -> Result<(), TranslateError> {
    match mismatch(task, example) {
        None => Ok(()),
        Some(reason) => Err(task.error(Role::Target, AdapterError::Value { reason }).into()),
    }
}
