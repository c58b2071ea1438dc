//! Terms that a translator writes: their tokens, and what of them cannot be written.

use std::sync::Arc;

use any2any_adapter::{Adapter, Kind, Region, Sequence, Value};
use any2any_run::{RunError, Task};
use any2any_search::Phrase;
use rayon::prelude::*;

use super::Translator;
use crate::error::TranslateError;
use crate::terms::{Terms, has_words};
use crate::words::joins_words;

/// Terms of one task, with the tokens of their translations.
pub(crate) struct TaskTerms {
    terms: Terms,
    /// The number of the task.
    task: usize,
    /// The phrase of each term; `None` if it cannot be written.
    phrases: Vec<Option<Phrase>>,
}

impl Translator {
    /// A translator whose outputs of a task have the translation of every term that the source has; and the terms that
    /// cannot be written, each with the reason.
    ///
    /// # Errors
    ///
    /// If the task does not translate texts to texts token by token.
    pub fn with_terms(&self, task: &Task, terms: Terms) -> Result<(Self, Vec<String>), TranslateError> {
        let kinds = [task.source_medium().map(|medium| medium.kind()), Some(task.target_medium().kind())];
        if kinds != [Some(Kind::Text), Some(Kind::Text)] || task.is_per_position() {
            let name = task.name();
            let reason = "does not translate text to text token by token, which terms need";
            return Err(TranslateError::Unsupported(format!("task '{name}' {reason}")));
        }
        task.require_tokens()?;
        let (mut phrases, mut warnings) = (Vec::new(), Vec::new());
        let mut continuations = None;
        for term in terms.terms() {
            phrases.push(match phrase(task, &term.target) {
                Ok(mut phrase) => {
                    if term.target.chars().next_back().is_some_and(joins_words) {
                        let known = continuations.get_or_insert_with(|| table(task, &phrase.at_start));
                        phrase.continuations = Arc::clone(known);
                    }
                    Some(phrase)
                }
                Err(reason) => {
                    let (line, target) = (term.line, &term.target);
                    warnings.push(format!(
                        "line {line}: `{target}` cannot be written, so it is left out: {reason}"
                    ));
                    None
                }
            });
        }
        let terms = TaskTerms { terms, task: task.number(), phrases };
        Ok((Self { terms: Some(Arc::new(terms)), ..self.clone() }, warnings))
    }

    /// The phrases that the output for a source must have.
    pub(crate) fn phrases(&self, task: &Task, source: &Value) -> Vec<Phrase> {
        let (Some(terms), Some(text)) = (self.terms_of(task), source.as_text()) else { return Vec::new() };
        let mut phrases: Vec<Phrase> = Vec::new();
        for number in terms.terms.in_text(text) {
            // Two terms with one translation ask for it once.
            phrases.extend(terms.phrases[number].clone().filter(|phrase| !phrases.contains(phrase)));
        }
        phrases
    }

    /// The translations of a source's terms that an output lacks.
    pub(crate) fn lacking_terms(&self, task: &Task, source: &Value, output: &Value) -> Vec<String> {
        let Some(terms) = self.terms_of(task) else { return Vec::new() };
        let (Some(source), Some(output)) = (source.as_text(), output.as_text()) else { return Vec::new() };
        let numbers = terms.terms.in_text(source).into_iter();
        let asked = numbers.filter(|&number| terms.phrases[number].is_some());
        let targets = asked.map(|number| &terms.terms.terms()[number].target);
        targets.filter(|target| !has_words(output, target)).cloned().collect()
    }

    fn terms_of(&self, task: &Task) -> Option<&TaskTerms> {
        self.terms.as_deref().filter(|terms| terms.task == task.number())
    }
}

/// The tokens of a translation at the start of an output and inside of it, or the reason why it cannot be written.
fn phrase(task: &Task, target: &str) -> Result<Phrase, String> {
    let prefix = |text: &str| {
        task.read_prefix(Some(&Value::from(text))).map_err(|error| match error {
            RunError::Prefix { pieces, .. } => format!("the vocabulary lacks {}", pieces.join(" ")),
            error => error.to_string(),
        })
    };
    let adapter = task.target().as_ref();
    let at_start = prefix(target)?;
    let written = spelled(adapter, &at_start).unwrap_or_default();
    if written.trim() != target {
        return Err(format!("the vocabulary writes it as `{}`", written.trim()));
    }
    // Behind itself it stands with the space before it, and no word of another language is needed.
    let twice = format!("{target} {target}");
    let opened = task.sides().open_target(&Value::from(twice.as_str())).map_err(|error| error.to_string())?;
    let encoded = task.encode_target(&opened).map_err(|error| error.to_string())?;
    let tokens = encoded.sequence.tokens().unwrap_or_default();
    let second = |region: &Region| matches!(region, Region::Bytes(bytes) if bytes.start >= target.len());
    let inside = tokens.iter().zip(&encoded.regions).filter(|(_, region)| second(region));
    let inside: Vec<u32> = inside.map(|(&token, _)| token).collect();
    let both: Vec<u32> = at_start.iter().chain(&inside).copied().collect();
    // Where the tokenizer cuts the two otherwise, one form has to do.
    let inside = if spelled(adapter, &both).is_some_and(|text| text.trim() == twice) {
        inside
    } else {
        at_start.clone()
    };
    if at_start.is_empty() || inside.is_empty() {
        return Err("the tokenizer leaves nothing of it".to_owned());
    }
    Ok(Phrase { at_start, inside, continuations: [].into() })
}

/// The tokens that go on with the last word of a phrase, for the whole vocabulary.
fn table(task: &Task, phrase: &[u32]) -> Arc<[bool]> {
    let adapter = task.target().as_ref();
    let alone = spelled(adapter, phrase).unwrap_or_default();
    let goes_on = |token: u32| {
        let tokens: Vec<u32> = phrase.iter().copied().chain([token]).collect();
        let text = spelled(adapter, &tokens).unwrap_or_default();
        let next = text.strip_prefix(alone.as_str()).and_then(|rest| rest.chars().next());
        // A part of a character is shown as a replacement, and most that take several bytes are letters.
        next.is_some_and(|next| joins_words(next) || next == char::REPLACEMENT_CHARACTER)
    };
    let vocabulary = task.vocabulary().unwrap_or(0) as u32;
    (0..vocabulary).into_par_iter().map(goes_on).collect::<Vec<bool>>().into()
}

/// The text of some tokens.
fn spelled(adapter: &dyn Adapter, tokens: &[u32]) -> Option<String> {
    let decoded = adapter.decode(&Sequence::Tokens(tokens.to_vec())).ok()?;
    decoded.value.as_text().map(str::to_owned)
}
