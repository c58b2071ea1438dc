//! What Whisper is told in front of an output: the language, the task, and that no timestamps are wanted.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::export::{ExportError, Outgoing};

/// The token for a text without timestamps.
const NO_TIMESTAMPS: &str = "<|notimestamps|>";
/// The tasks, whose tokens are `<|transcribe|>` and `<|translate|>`.
const TASKS: [&str; 2] = ["transcribe", "translate"];

/// Prompt of a Whisper, part by part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// The names of the tokens of all languages, with their numbers; none of a model that knows one language.
    pub(crate) languages: BTreeMap<String, u32>,
    /// The tasks that have a token.
    tasks: BTreeMap<&'static str, u32>,
    /// The language that is spoken, by the name of its token; none that whoever uses it names.
    language: Option<String>,
    task: Option<&'static str>,
    /// The token that asks for no timestamps.
    without_timestamps: Option<u32>,
    latest_start: Option<u32>,
}

impl Told {
    /// Reads the prompt of a model.
    ///
    /// # Errors
    ///
    /// If it is another than Whisper's.
    pub(crate) fn of(model: &Outgoing, format: &'static str) -> Result<Self, ExportError> {
        let (vocabulary, prompt) = (&model.target, &model.prompt);
        let of_task = |task: &'static str| Some((task, vocabulary.number(&format!("<|{task}|>"))?));
        let tasks: BTreeMap<&str, u32> = TASKS.into_iter().filter_map(of_task).collect();
        let without_timestamps = vocabulary.number(NO_TIMESTAMPS);
        let mut languages: Vec<u32> = prompt.languages.values().copied().collect();
        if let [first, second, ..] = prompt.target[..]
            && tasks.values().any(|&task| task == second)
        {
            // The one that a model of many languages is trained further in.
            languages.push(first);
        }
        let mut rest = &prompt.target[..];
        let mut told = |known: &[u32]| {
            let (first, others) = rest.split_first().filter(|(first, _)| known.contains(first))?;
            rest = others;
            Some(*first)
        };
        let language = told(&languages);
        let task = told(&tasks.values().copied().collect::<Vec<_>>());
        let without_timestamps = told(without_timestamps.as_slice());
        if !rest.is_empty() || language.is_some() != task.is_some() {
            let reason =
                "Whisper is told a language and a task, or neither, and then that no timestamps are wanted";
            return Err(ExportError::refused(format, "prompt.target", reason));
        }
        let named = |token: u32| (vocabulary.name(token).to_owned(), token);
        Ok(Self {
            language: language.filter(|_| !prompt.in_any_language).map(|token| named(token).0),
            task: tasks.iter().find(|(_, token)| Some(**token) == task).map(|(name, _)| *name),
            languages: languages.into_iter().map(named).collect(),
            tasks,
            without_timestamps,
            latest_start: prompt.latest_start,
        })
    }

    /// Says it in the words of `generation_config.json`.
    pub(super) fn say(&self, options: &mut Value) {
        options["is_multilingual"] = json!(!self.languages.is_empty());
        if !self.languages.is_empty() {
            options["lang_to_id"] = json!(self.languages);
            options["task_to_id"] = json!(self.tasks);
        }
        for (option, value) in [
            ("language", json!(self.language)),
            ("task", json!(self.task)),
            // Without it, nothing is said of timestamps.
            ("no_timestamps_token_id", json!(self.without_timestamps)),
            ("max_initial_timestamp_index", json!(self.latest_start)),
        ] {
            if !value.is_null() {
                options[option] = value;
            }
        }
    }
}
