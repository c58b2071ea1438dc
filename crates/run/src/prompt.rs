//! Prompts of a task: tokens around its sequences, which no value shows.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use any2any_adapter::{
    Adapter, AdapterError, Decoded, Encoded, Head, Random, Region, Sequence, Stem, Value, WrittenFile,
};
use any2any_experiment::spec::{Detect, Prompt, PromptError};

use crate::error::RunError;

/// Tokens around the sequences of an adapter.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Around {
    /// Those in front of a sequence.
    pub(crate) front: Vec<u32>,
    /// Those behind it.
    pub(crate) behind: Vec<u32>,
    /// The token that decoding starts from; `None`: that of the adapter.
    pub(crate) begin: Option<u32>,
}

/// An adapter with tokens around its sequences.
struct Prompted {
    adapter: Arc<dyn Adapter>,
    tokens: Result<Around, PromptError>,
}

/// The adapter with tokens around its sequences; the adapter itself where there are none.
pub(crate) fn prompted(adapter: &Arc<dyn Adapter>, tokens: Around) -> Arc<dyn Adapter> {
    match tokens == Around::default() {
        true => adapter.clone(),
        false => Arc::new(Prompted { adapter: adapter.clone(), tokens: Ok(tokens) }),
    }
}

/// The adapter as long as a language of the prompt is not known: no value can be read or written.
pub(crate) fn unprompted(adapter: &Arc<dyn Adapter>, lacking: PromptError) -> Arc<dyn Adapter> {
    Arc::new(Prompted { adapter: adapter.clone(), tokens: Err(lacking) })
}

impl Prompted {
    fn tokens(&self) -> Result<&Around, AdapterError> {
        let wrong = |lacking: &PromptError| AdapterError::value(format!("{lacking}; {}", lacking.help()));
        self.tokens.as_ref().map_err(wrong)
    }

    fn around(&self, encoded: Encoded) -> Result<Encoded, AdapterError> {
        let Around { front, behind, .. } = self.tokens()?;
        let Encoded { sequence, regions } = encoded;
        let nothing = |tokens: &[u32]| vec![Region::Nothing; tokens.len()];
        Ok(match sequence {
            Sequence::Tokens(tokens) => Encoded {
                sequence: Sequence::Tokens([front, &tokens[..], behind].concat()),
                regions: [nothing(front), regions, nothing(behind)].concat(),
            },
            frames => Encoded { sequence: frames, regions },
        })
    }
}

impl Adapter for Prompted {
    fn stem(&self) -> Stem {
        self.adapter.stem()
    }

    fn head(&self) -> Option<Head> {
        let mut head = self.adapter.head()?;
        let told = self.tokens.as_ref().ok().and_then(|tokens| tokens.begin);
        if let (Head::Softmax { begin, .. }, Some(told)) = (&mut head, told) {
            *begin = told;
        }
        Some(head)
    }

    fn encode(&self, value: &Value) -> Result<Encoded, AdapterError> {
        self.around(self.adapter.encode(value)?)
    }

    fn augments(&self) -> bool {
        self.adapter.augments()
    }

    fn augment(&self, value: &Value, random: &mut Random) -> Result<Encoded, AdapterError> {
        self.around(self.adapter.augment(value, random)?)
    }

    fn decode(&self, sequence: &Sequence) -> Result<Decoded, AdapterError> {
        // As long as no language is known, there is nothing to leave out.
        let (front, behind) = match &self.tokens {
            Ok(Around { front, behind, .. }) => (&front[..], &behind[..]),
            Err(_) => Default::default(),
        };
        let Some(rest) = sequence.tokens().and_then(|tokens| tokens.strip_prefix(front)) else {
            return self.adapter.decode(sequence);
        };
        let inner = rest.strip_suffix(behind).unwrap_or(rest);
        let mut decoded = self.adapter.decode(&Sequence::Tokens(inner.to_vec()))?;
        decoded.regions.splice(0..0, front.iter().map(|_| Region::Nothing));
        decoded.regions.resize(front.len() + rest.len(), Region::Nothing);
        Ok(decoded)
    }

    fn to_file(&self, value: &Value) -> Result<WrittenFile, AdapterError> {
        self.adapter.to_file(value)
    }

    fn read_back(&self, bytes: &[u8]) -> Result<Value, AdapterError> {
        self.adapter.read_back(bytes)
    }

    fn longest(&self) -> Option<usize> {
        let around = self.tokens.as_ref().map_or(0, |tokens| tokens.front.len() + tokens.behind.len());
        self.adapter.longest().map(|longest| longest + around)
    }

    fn unknown(&self, encoded: &Encoded, value: &Value) -> Vec<String> {
        self.adapter.unknown(encoded, value)
    }

    fn warnings(&self) -> Vec<String> {
        let count = self.tokens.as_ref().ok().map(|tokens| tokens.front.len() + tokens.behind.len());
        self.adapter.warnings_beside_prompt(count)
    }

    fn show(&self, token: u32) -> String {
        self.adapter.show(token)
    }

    fn save(&self, folder: &Path) -> Result<(), AdapterError> {
        self.adapter.save(folder)
    }
}

/// The numbers of tokens by their names, of those names that somebody asks for.
#[derive(Clone)]
pub(crate) struct TokenNumbers(BTreeMap<String, u32>);

impl TokenNumbers {
    /// Looks for names among the tokens that an adapter reads or writes; of two tokens with a name, the first.
    pub(crate) fn of<'a>(adapter: &dyn Adapter, names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut wanted: BTreeMap<&str, Option<u32>> = names.into_iter().map(|name| (name, None)).collect();
        let mut missing = wanted.len();
        for token in 0..vocabulary(adapter) as u32 {
            if missing == 0 {
                break;
            }
            if let Some(place @ None) = wanted.get_mut(adapter.show(token).as_str()) {
                *place = Some(token);
                missing -= 1;
            }
        }
        Self(wanted.into_iter().filter_map(|(name, token)| Some((name.to_owned(), token?))).collect())
    }

    /// The numbers of tokens of these names, which belong to an option of a task.
    ///
    /// # Errors
    ///
    /// If there is no such token.
    pub(crate) fn all<'a>(
        &self,
        task: &str,
        option: &str,
        names: impl IntoIterator<Item = &'a (impl AsRef<str> + ?Sized + 'a)>,
    ) -> Result<Vec<u32>, RunError> {
        let number = |name: &str| {
            self.0.get(name).copied().ok_or_else(|| RunError::Token {
                task: task.to_owned(),
                option: option.to_owned(),
                token: name.to_owned(),
            })
        };
        names.into_iter().map(|name| number(name.as_ref())).collect()
    }
}

fn vocabulary(adapter: &dyn Adapter) -> usize {
    match (adapter.head(), adapter.stem()) {
        (Some(Head::Softmax { vocabulary, .. }), _) | (_, Stem::Lookup { vocabulary, .. }) => vocabulary,
        _ => 0,
    }
}

/// Tokens of timestamps in a recording.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Timestamps {
    /// The token of the timestamp 0; those behind it are later.
    pub first: u32,
    /// Number of timestamps.
    pub count: u32,
    /// Time between two of them, in seconds.
    pub step: f64,
    /// The latest timestamp that an output may begin with, as a number from 0.
    pub latest_start: u32,
    /// The token that asks for a text without timestamps.
    pub without: Option<u32>,
}

impl Timestamps {
    /// The timestamp that a token stands for, in seconds; `None` for other tokens.
    pub fn seconds(&self, token: u32) -> Option<f64> {
        let number = token.checked_sub(self.first).filter(|&number| number < self.count)?;
        Some(f64::from(number) * self.step)
    }
}

/// A task's prompt with the numbers of all tokens that it can have.
pub(crate) struct TaskPrompt {
    prompt: Prompt,
    source: Option<TokenNumbers>,
    target: TokenNumbers,
}

/// A language that the model tells: the one whose token is the most probable at its place in the prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LanguageChoice {
    /// The language that is told.
    pub detect: Detect,
    /// The token that decoding starts from, where the prompt names one.
    pub begin: Option<u32>,
    /// The tokens of the prompt in front of its place.
    pub before: Vec<u32>,
    /// The languages to choose from, each with its token.
    pub candidates: Vec<(String, u32)>,
}

/// A prompt in some languages.
#[derive(Clone, Debug, Default)]
pub(crate) struct PromptTokens {
    pub(crate) source: Around,
    pub(crate) target: Around,
}

impl TaskPrompt {
    pub(crate) fn new(prompt: &Prompt, source: Option<&dyn Adapter>, target: &dyn Adapter) -> Self {
        let languages = || prompt.languages.values();
        let numbers = |adapter: &dyn Adapter, of: Vec<&String>| match of.is_empty() {
            true => TokenNumbers::of(adapter, []),
            false => TokenNumbers::of(adapter, of.into_iter().chain(languages()).map(String::as_str)),
        };
        let timestamps = prompt.timestamps.iter().map(|timestamps| &timestamps.first);
        Self {
            prompt: prompt.clone(),
            source: source
                .map(|source| numbers(source, prompt.source.iter().chain(&prompt.after_source).collect())),
            target: numbers(target, prompt.begin.iter().chain(&prompt.target).chain(timestamps).collect()),
        }
    }

    /// The tokens of timestamps, if the model has any.
    ///
    /// # Errors
    ///
    /// If the vocabulary lacks the first.
    pub(crate) fn timestamps(&self, task: &str) -> Result<Option<Timestamps>, RunError> {
        let Some(given) = &self.prompt.timestamps else { return Ok(None) };
        let first = self.target.all(task, "prompt.timestamps.first", [&given.first])?[0];
        let latest = given.latest_start.map_or(given.count, |seconds| (seconds / given.step).round() as u32);
        let latest_start = latest.min(given.count.saturating_sub(1));
        let without = self.without_timestamps();
        Ok(Some(Timestamps { first, count: given.count, step: given.step, latest_start, without }))
    }

    /// The token that asks for no timestamps.
    pub(crate) fn without_timestamps(&self) -> Option<u32> {
        self.target.0.get(self.prompt.timestamps.as_ref()?.without.as_ref()?).copied()
    }

    /// The prompt that asks for timestamps: without the token that asks for none.
    pub(crate) fn with_timestamps(&self) -> Self {
        let mut prompt = self.prompt.clone();
        let without = prompt.timestamps.as_ref().and_then(|timestamps| timestamps.without.as_ref());
        prompt.target.retain(|token| Some(token) != without);
        Self { prompt, source: self.source.clone(), target: self.target.clone() }
    }

    /// The prompt as the experiment says it.
    pub(crate) fn prompt(&self) -> &Prompt {
        &self.prompt
    }

    /// The tokens of the prompt in its languages, or in others.
    ///
    /// # Errors
    ///
    /// If a language is missing, or a token is none of the vocabulary.
    pub(crate) fn tokens(
        &self,
        task: &str,
        source_language: Option<&str>,
        target_language: Option<&str>,
    ) -> Result<PromptTokens, RunError> {
        let prompt = self.prompt.in_languages(source_language, target_language);
        let wrong = |source: PromptError| RunError::Prompt { task: task.to_owned(), source };
        let begin = prompt.begin_token().map_err(wrong)?;
        let begin = begin.map(|begin| self.target.all(task, "prompt.begin", [begin])).transpose()?;
        let target = Around {
            front: self.target.all(task, "prompt.target", prompt.target_tokens().map_err(wrong)?)?,
            behind: Vec::new(),
            begin: begin.and_then(|tokens| tokens.first().copied()),
        };
        let source = match &self.source {
            Some(numbers) => Around {
                front: numbers.all(task, "prompt.source", prompt.source_tokens().map_err(wrong)?)?,
                behind: numbers.all(
                    task,
                    "prompt.after_source",
                    prompt.tokens_after_source().map_err(wrong)?,
                )?,
                begin: None,
            },
            None => Around::default(),
        };
        Ok(PromptTokens { source, target })
    }

    /// The prompt that is told these languages, where they are given.
    pub(crate) fn in_languages(&self, source_language: Option<&str>, target_language: Option<&str>) -> Self {
        let prompt = self.prompt.in_languages(source_language, target_language);
        Self { prompt, source: self.source.clone(), target: self.target.clone() }
    }

    /// The choice of the language that the model tells; `None` if it tells none, or somebody names it.
    ///
    /// # Errors
    ///
    /// If another language is missing, or a token is none of the vocabulary.
    pub(crate) fn choice(&self, task: &str) -> Result<Option<(LanguageChoice, PromptTokens)>, RunError> {
        let (Some(detect), Some(place)) = (self.prompt.detect, self.prompt.detected_place()) else {
            return Ok(None);
        };
        // With any of the languages in that place, nothing else may be missing.
        let Some(any) = self.prompt.languages.keys().next() else { return Ok(None) };
        let tokens = match detect {
            Detect::SourceLanguage => self.tokens(task, Some(any), None)?,
            Detect::TargetLanguage => self.tokens(task, None, Some(any))?,
        };
        let numbers = self.target.all(task, "prompt.languages", self.prompt.languages.values())?;
        let candidates = self.prompt.languages.keys().cloned().zip(numbers).collect();
        Ok(Some((
            LanguageChoice {
                detect,
                begin: tokens.target.begin,
                before: tokens.target.front[..place].to_vec(),
                candidates,
            },
            tokens,
        )))
    }
}
