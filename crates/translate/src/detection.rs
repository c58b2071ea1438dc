//! Language detection: the language that a model tells of a source, as Whisper does (Radford et al. 2022, 2.3).

use any2any_adapter::Sequence;
use any2any_experiment::spec::Decoding;
use any2any_run::{LanguageChoice, Task};
use any2any_search::{Cancellable, Stepper, log_sum_exp};
use serde::Serialize;

use crate::error::TranslateError;
use crate::translator::Translator;

/// The language that a model tells of a source: the most probable at its place in the prompt.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DetectedLanguage {
    /// The language.
    pub language: String,
    /// Its probability among the languages that the model can tell.
    pub probability: f32,
    /// All languages that it can tell with their probabilities, in falling order; of equal ones, the first token's first.
    pub probabilities: Vec<(String, f32)>,
}

impl Translator {
    /// The languages of sources, of each of which the beginning is given: a step of the decoder behind the tokens that stand
    /// before the language's place, and the most probable of the languages' tokens. None for a task whose model is told
    /// the language, or knows none.
    ///
    /// # Errors
    ///
    /// If a source cannot be read, or the work is cancelled.
    pub fn detect_languages(
        &self,
        task: &Task,
        sources: &[&Sequence],
        decoding: &Decoding,
    ) -> Result<Option<Vec<DetectedLanguage>>, TranslateError> {
        self.require_own(task)?;
        let Some(choice) = task.language_choice() else { return Ok(None) };
        for source in sources {
            self.require_source_sequence(task, source)?;
        }
        let mut detected = Vec::with_capacity(sources.len());
        let mut rest = sources;
        while let Some(first) = rest.first() {
            let rows = task.sources_together(first.len(), 1, decoding);
            let (now, later) = rest.split_at(rows.min(rest.len()));
            rest = later;
            let stepper = self.joint_stepper(task, now, 1.0)?;
            let mut stepper = Cancellable::new(stepper, self.cancellation().clone());
            let begin = choice.begin.unwrap_or(task.framing().begin());
            let mut logits = Vec::new();
            for token in std::iter::once(begin).chain(choice.before.iter().copied()) {
                logits = stepper.step(&vec![token; now.len()])?;
            }
            let vocabulary = stepper.vocabulary().max(1);
            detected.extend(logits.chunks_exact(vocabulary).filter_map(|row| most_probable(choice, row)));
        }
        Ok(Some(detected))
    }

    /// The task in the language that its model tells of a source, which is given with it; the task itself, and no
    /// language, where none is told.
    ///
    /// # Errors
    ///
    /// Those of [`detect_languages`](Self::detect_languages).
    pub fn in_language_of(
        &self,
        task: &Task,
        source: Option<&Sequence>,
    ) -> Result<(Task, Option<DetectedLanguage>), TranslateError> {
        let detected = self.detect_languages(task, source.as_slice(), task.decoding())?;
        match detected.and_then(|mut detected| detected.pop()) {
            Some(detected) => Ok((task.with_language(&detected.language)?, Some(detected))),
            None => Ok((task.clone(), None)),
        }
    }
}

/// The most probable language by a row of logits; `None` if there is none to choose.
fn most_probable(choice: &LanguageChoice, logits: &[f32]) -> Option<DetectedLanguage> {
    let mut candidates: Vec<(&str, u32, f32)> = Vec::with_capacity(choice.candidates.len());
    for (language, token) in &choice.candidates {
        candidates.push((language, *token, *logits.get(*token as usize)?));
    }
    candidates.sort_by(|a, b| b.2.total_cmp(&a.2).then(a.1.cmp(&b.1)));
    let log_sum = log_sum_exp(&candidates.iter().map(|candidate| candidate.2).collect::<Vec<_>>());
    let probabilities: Vec<(String, f32)> = candidates
        .into_iter()
        .map(|(language, _, logit)| (language.to_owned(), (f64::from(logit) - log_sum).exp() as f32))
        .collect();
    let (language, probability) = probabilities.first()?.clone();
    Some(DetectedLanguage { language, probability, probabilities })
}
