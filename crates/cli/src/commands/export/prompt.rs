//! The prompt of a task in another program's words.

use any2any_experiment::spec;
use any2any_pretrained::export::{Prompt, Vocabulary};

/// A prompt with the numbers of its tokens, and what whoever uses the model has to do.
#[derive(Default)]
pub(super) struct Prompted {
    pub(super) prompt: Prompt,
    /// The names of the tokens that outputs begin with.
    pub(super) target_names: Vec<String>,
    /// Sources are told a language that nobody has named.
    pub(super) source_in_any_language: bool,
}

/// The prompt of a task between vocabularies.
pub(super) fn prompted(
    given: Option<&spec::Prompt>,
    source: Option<&Vocabulary>,
    target: &Vocabulary,
) -> anyhow::Result<Prompted> {
    let Some(given) = given else { return Ok(Prompted::default()) };
    let is_open = |tokens: &[String], placeholder: &str, named: &Option<String>| {
        named.is_none() && tokens.iter().any(|token| token == placeholder)
    };
    let in_any_language = |tokens: &[String]| {
        is_open(tokens, spec::Prompt::SOURCE_LANGUAGE, &given.source_language)
            || is_open(tokens, spec::Prompt::TARGET_LANGUAGE, &given.target_language)
    };
    let mut named = given.clone();
    let first = given.languages.keys().next();
    named.source_language = named.source_language.or(first.cloned());
    named.target_language = named.target_language.or(first.cloned());
    let numbers = |names: Vec<&str>, of: &Vocabulary| -> Vec<u32> {
        names.iter().filter_map(|name| number(of, name)).collect()
    };
    let target_names = named.target_tokens()?;
    let timestamps = given.timestamps.as_ref();
    let latest_start = timestamps.and_then(|of| Some((of.latest_start? / of.step).round() as u32));
    let prompt = Prompt {
        source: source
            .map_or(Ok(Vec::new()), |of| Ok::<_, anyhow::Error>(numbers(named.source_tokens()?, of)))?,
        target: numbers(target_names.clone(), target),
        languages: given
            .languages
            .iter()
            .filter_map(|(code, token)| Some((code.clone(), number(target, token)?)))
            .collect(),
        in_any_language: in_any_language(&given.target),
        latest_start,
    };
    Ok(Prompted {
        prompt,
        target_names: target_names.into_iter().map(str::to_owned).collect(),
        source_in_any_language: in_any_language(&given.source),
    })
}

fn number(of: &Vocabulary, name: &str) -> Option<u32> {
    of.names.iter().position(|known| known == name).map(|number| number as u32)
}
