//! What a task is told beside its sources: languages, timestamps, and the tokens that outputs begin with.

use std::sync::Arc;

use any2any_experiment::spec::{self, Detect, PromptError};

use super::Task;
use crate::error::RunError;
use crate::prompt::{
    LanguageChoice, PromptTokens, TaskPrompt, Timestamps, TokenNumbers, prompted, unprompted,
};
use crate::task_sides::Role;

impl Task {
    /// Fails if a language that its prompt names is not known.
    ///
    /// # Errors
    ///
    /// If one is not.
    pub fn require_languages(&self) -> Result<(), RunError> {
        match &self.lacking {
            None => Ok(()),
            Some(lacking) => Err(RunError::Prompt { task: self.name().to_owned(), source: lacking.clone() }),
        }
    }

    /// The task with sources and targets in these languages; where none is given, in those of its prompt.
    ///
    /// # Errors
    ///
    /// If the task's prompt does not read a language that is given or lacks one, or the model does not know it.
    pub fn in_languages(
        &self,
        source_language: Option<&str>,
        target_language: Option<&str>,
    ) -> Result<Self, RunError> {
        let reads = |reads: fn(&spec::Prompt) -> bool| self.prompt().is_some_and(reads);
        for (given, read, side) in [
            (source_language, reads(spec::Prompt::reads_source_language), Role::Source),
            (target_language, reads(spec::Prompt::reads_target_language), Role::Target),
        ] {
            if given.is_some() && !read {
                let (name, side) = (self.name(), side.word());
                let reason = format!("task '{name}' is not told the language of its {side}: leave it out");
                return Err(RunError::Unsupported(reason));
            }
        }
        if let Some(prompt) = &self.prompt {
            let told = prompt.in_languages(source_language, target_language);
            if let Some((choice, tokens)) = told.choice(self.name())? {
                return Ok(self.before_choice(told, choice, &tokens));
            }
        }
        let tokens = match &self.prompt {
            Some(prompt) => prompt.tokens(self.name(), source_language, target_language)?,
            None => PromptTokens::default(),
        };
        let (source, target) = &self.plain;
        Ok(Self {
            source: source.as_ref().map(|source| prompted(source, tokens.source.clone())),
            target: prompted(target, tokens.target.clone()),
            prompt_tokens: tokens,
            lacking: None,
            choice: None,
            ..self.clone()
        })
    }

    /// The task whose model has yet to tell a language: sources can be read, and nothing be written.
    fn before_choice(&self, prompt: TaskPrompt, choice: LanguageChoice, tokens: &PromptTokens) -> Self {
        let lacking = PromptError::NoLanguage { option: choice.detect.option() };
        let (source, target) = &self.plain;
        Self {
            source: source.as_ref().map(|source| prompted(source, tokens.source.clone())),
            target: unprompted(target, lacking.clone()),
            prompt: Some(Arc::new(prompt)),
            prompt_tokens: PromptTokens::default(),
            lacking: Some(lacking),
            choice: Some(Arc::new(choice)),
            ..self.clone()
        }
    }

    /// The choice of the language that the model tells of each source; `None` if it tells none, or somebody names it.
    pub fn language_choice(&self) -> Option<&LanguageChoice> {
        self.choice.as_deref()
    }

    /// The task in the language that its model has told; the task itself if it tells none.
    ///
    /// # Errors
    ///
    /// If the model does not know the language.
    pub fn with_language(&self, language: &str) -> Result<Self, RunError> {
        match self.language_choice().map(|choice| choice.detect) {
            None => Ok(self.clone()),
            Some(Detect::SourceLanguage) => self.in_languages(Some(language), None),
            Some(Detect::TargetLanguage) => self.in_languages(None, Some(language)),
        }
    }

    /// Fails if sources cannot be read, since a language that stands in front of them is not known.
    pub(super) fn require_languages_of_sources(&self) -> Result<(), RunError> {
        match self.choice {
            Some(_) => Ok(()),
            None => self.require_languages(),
        }
    }

    /// Tokens of the timestamps at which pieces of a transcript are spoken.
    ///
    /// # Errors
    ///
    /// If its model has none.
    pub fn timestamps(&self) -> Result<Timestamps, RunError> {
        let given = self.prompt.as_ref().map(|prompt| prompt.timestamps(self.name())).transpose()?.flatten();
        given.ok_or_else(|| {
            let name = self.name();
            RunError::Unsupported(format!(
                "the model of task '{name}' cannot write timestamps: leave timestamps out"
            ))
        })
    }

    /// The task whose outputs say when each piece of a transcript is spoken.
    ///
    /// # Errors
    ///
    /// If its model cannot say so.
    pub fn with_timestamps(&self) -> Result<Self, RunError> {
        self.timestamps()?;
        let Some(prompt) = &self.prompt else { return Ok(self.clone()) };
        let mut task = self.clone();
        let without = prompt.without_timestamps();
        task.prompt_tokens.target.front.retain(|&token| Some(token) != without);
        if self.lacking.is_none() {
            task.target = prompted(&self.plain.1, task.prompt_tokens.target.clone());
        }
        task.prompt = Some(Arc::new(prompt.with_timestamps()));
        Ok(task)
    }

    /// Prompt of its sequences; `None` for a task without one.
    pub fn prompt(&self) -> Option<&spec::Prompt> {
        self.prompt.as_deref().map(TaskPrompt::prompt)
    }

    /// Tokens of the prompt, with which every output begins.
    pub fn prompt_tokens(&self) -> &[u32] {
        &self.prompt_tokens.target.front
    }

    /// The tokens that an output begins with: the prompt, and then those that are given, which may begin with it.
    pub fn after_prompt(&self, given: &[u32]) -> Vec<u32> {
        let prompt = self.prompt_tokens();
        match given.starts_with(prompt) {
            true => given.to_vec(),
            false => [prompt, given].concat(),
        }
    }

    /// The numbers of tokens of the target by their names, which an option lists.
    ///
    /// # Errors
    ///
    /// If the target has no such token.
    pub fn target_tokens(&self, option: &str, names: &[String]) -> Result<Vec<u32>, RunError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        // Those of the task's own options are known already.
        self.named.all(self.name(), option, names).or_else(|_| {
            let found = TokenNumbers::of(self.target.as_ref(), names.iter().map(String::as_str));
            found.all(self.name(), option, names)
        })
    }
}
