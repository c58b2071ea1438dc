//! Prompts: tokens around the sequences of a task, such as the names of languages.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Tokens around the sequences of a task, by their names: languages (Johnson et al. 2017), tags, or what else a
/// model was told in training. Every source begins with those of `source`, and every output with those of `target`,
/// in training as in decoding; nobody sees them in a value.
///
/// `{source_language}` and `{target_language}` stand for the tokens of the languages of that name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Prompt {
    /// Tokens in front of every source.
    pub source: Vec<String>,
    /// Tokens behind the end of every source, as mBART names the language there (Liu et al. 2020).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub after_source: Vec<String>,
    /// The token that decoding starts from, instead of that of the tokenizer: `"{target_language}"` of mBART.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begin: Option<String>,
    /// Tokens that every output begins with.
    pub target: Vec<String>,
    /// The token of each language, by the name that users give it: `de: __de__`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub languages: BTreeMap<String, String>,
    /// The language of sources, unless a request names another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_language: Option<String>,
    /// The language of targets, unless a request names another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_language: Option<String>,
    /// The language that the model tells where nobody names it: the most probable of `languages` at the place that stands
    /// for it in `target`, behind the tokens before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detect: Option<Detect>,
    /// Tokens of timestamps, of a model that can say when each piece of a transcript is spoken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamps: Option<Timestamps>,
}

/// A language that the model tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Detect {
    /// That of sources.
    SourceLanguage,
    /// That of targets.
    TargetLanguage,
}

impl Detect {
    /// The option that names the language.
    pub fn option(self) -> &'static str {
        match self {
            Self::SourceLanguage => "source_language",
            Self::TargetLanguage => "target_language",
        }
    }

    /// What stands for the language's token.
    pub fn placeholder(self) -> &'static str {
        match self {
            Self::SourceLanguage => Prompt::SOURCE_LANGUAGE,
            Self::TargetLanguage => Prompt::TARGET_LANGUAGE,
        }
    }
}

/// Tokens of timestamps in a recording, which follow each other in the vocabulary (Radford et al. 2022).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Timestamps {
    /// The token of the timestamp 0.
    pub first: String,
    /// The number of timestamps.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub count: u32,
    /// The time between two timestamps that follow each other, in seconds.
    #[schemars(range(min = 0.0001, max = 60.0))]
    pub step: f64,
    /// The token of the prompt that asks for a text without timestamps; it is left out where they are wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without: Option<String>,
    /// The latest timestamp that an output may begin with, in seconds; left out: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest_start: Option<f64>,
}

impl Prompt {
    /// What stands for the token of the source's language.
    pub const SOURCE_LANGUAGE: &str = "{source_language}";
    /// What stands for the token of the target's language.
    pub const TARGET_LANGUAGE: &str = "{target_language}";

    /// The tokens in front of sources, by name.
    ///
    /// # Errors
    ///
    /// If a language is not named, or has no token.
    pub fn source_tokens(&self) -> Result<Vec<&str>, PromptError> {
        self.source.iter().map(|token| self.token(token)).collect()
    }

    /// The tokens behind sources, by name.
    ///
    /// # Errors
    ///
    /// If a language is not named, or has no token.
    pub fn tokens_after_source(&self) -> Result<Vec<&str>, PromptError> {
        self.after_source.iter().map(|token| self.token(token)).collect()
    }

    /// The token that decoding starts from, by name, where it is not that of the tokenizer.
    ///
    /// # Errors
    ///
    /// If a language is not named, or has no token.
    pub fn begin_token(&self) -> Result<Option<&str>, PromptError> {
        self.begin.as_deref().map(|token| self.token(token)).transpose()
    }

    /// The tokens that outputs begin with, by name.
    ///
    /// # Errors
    ///
    /// If a language is not named, or has no token.
    pub fn target_tokens(&self) -> Result<Vec<&str>, PromptError> {
        self.target.iter().map(|token| self.token(token)).collect()
    }

    /// True if no sequence is changed by it.
    pub fn is_empty(&self) -> bool {
        self.all().next().is_none()
    }

    /// True if the language of sources changes a token.
    pub fn reads_source_language(&self) -> bool {
        self.mentions(Self::SOURCE_LANGUAGE)
    }

    /// True if the language of targets changes a token.
    pub fn reads_target_language(&self) -> bool {
        self.mentions(Self::TARGET_LANGUAGE)
    }

    /// The place in `target` of the language that the model is to tell; `None` if it tells none, or somebody names it.
    pub fn detected_place(&self) -> Option<usize> {
        let detect = self.detect?;
        let named = match detect {
            Detect::SourceLanguage => &self.source_language,
            Detect::TargetLanguage => &self.target_language,
        };
        match named {
            Some(_) => None,
            None => self.target.iter().position(|token| token == detect.placeholder()),
        }
    }

    /// The prompt with these languages, where they are given.
    #[must_use]
    pub fn in_languages(&self, source: Option<&str>, target: Option<&str>) -> Self {
        let mut prompt = self.clone();
        for (language, given) in
            [(&mut prompt.source_language, source), (&mut prompt.target_language, target)]
        {
            *language = given.map(str::to_owned).or(language.take());
        }
        prompt
    }

    fn mentions(&self, placeholder: &str) -> bool {
        self.all().any(|token| token == placeholder)
    }

    fn all(&self) -> impl Iterator<Item = &String> {
        self.source.iter().chain(&self.after_source).chain(&self.begin).chain(&self.target)
    }

    fn token<'a>(&'a self, token: &'a str) -> Result<&'a str, PromptError> {
        let (option, language) = match token {
            Self::SOURCE_LANGUAGE => ("source_language", &self.source_language),
            Self::TARGET_LANGUAGE => ("target_language", &self.target_language),
            _ => return Ok(token),
        };
        let language = language.as_deref().ok_or(PromptError::NoLanguage { option })?;
        let unknown = || PromptError::Language {
            option,
            language: language.to_owned(),
            known: self.languages.keys().cloned().collect(),
        };
        self.languages.get(language).map(String::as_str).ok_or_else(unknown)
    }
}

/// Error of a prompt whose tokens are not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PromptError {
    /// A language that nobody named.
    #[error("`{option}` is not given")]
    NoLanguage {
        /// The option of the prompt.
        option: &'static str,
    },
    /// A language without a token.
    #[error("`{option}` is '{language}', which is none of the model's languages")]
    Language {
        /// The option of the prompt.
        option: &'static str,
        /// The language.
        language: String,
        /// The languages that have a token.
        known: Vec<String>,
    },
}

impl PromptError {
    /// The way out.
    pub fn help(&self) -> String {
        match self {
            Self::NoLanguage { option } => format!("name it: `{option}`"),
            Self::Language { language, known, .. } => {
                let listed = match known.len() {
                    0 => "`languages` gives each its token".to_owned(),
                    1..=40 => format!("known are: {}", known.join(", ")),
                    count => format!("{count} are known, from {} to {}", known[0], known[count - 1]),
                };
                match crate::suggest::suggest(language, known.iter().map(String::as_str)) {
                    Some(meant) => format!("did you mean `{meant}`? {listed}"),
                    None => listed,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_stand_in_their_places() {
        let languages = ["de", "en"].map(|code| (code.to_owned(), format!("__{code}__")));
        let mut prompt = Prompt {
            source: vec!["{source_language}".to_owned()],
            after_source: vec!["{source_language}".to_owned()],
            begin: Some("{target_language}".to_owned()),
            target: vec!["<s>".to_owned(), "{target_language}".to_owned()],
            languages: languages.into(),
            source_language: Some("en".to_owned()),
            target_language: None,
            detect: None,
            timestamps: None,
        };
        assert_eq!(prompt.source_tokens(), Ok(vec!["__en__"]));
        assert_eq!(prompt.tokens_after_source(), Ok(vec!["__en__"]));
        let missing = prompt.target_tokens().expect_err("no language is named");
        assert_eq!(missing, PromptError::NoLanguage { option: "target_language" });
        prompt.target_language = Some("dee".to_owned());
        let unknown = prompt.target_tokens().expect_err("no such language");
        assert_eq!(unknown.help(), "did you mean `de`? known are: de, en");
        prompt.target_language = Some("de".to_owned());
        assert_eq!(prompt.target_tokens(), Ok(vec!["<s>", "__de__"]));
        assert_eq!(prompt.begin_token(), Ok(Some("__de__")));
        assert!(!prompt.is_empty() && Prompt::default().is_empty());
    }
    #[test]
    fn a_language_is_told_by_the_model_unless_it_is_named() {
        let prompt = Prompt {
            target: vec!["<s>".to_owned(), "{source_language}".to_owned()],
            detect: Some(Detect::SourceLanguage),
            ..Prompt::default()
        };
        assert_eq!(prompt.detected_place(), Some(1));
        assert_eq!(prompt.in_languages(None, Some("en")).detected_place(), Some(1));
        assert_eq!(prompt.in_languages(Some("de"), None).detected_place(), None);
    }
}
