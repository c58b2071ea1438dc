//! Messages about a choice that was not made, made twice, or made of something unknown.

use serde_json::Value as Json;

use crate::messages::keys;
use crate::node::{Entry, shorten};
use crate::schema_kind::{Kind, Schema};
use crate::source::Place;
use crate::suggest::suggest;

/// Words and keys that are listed at most; there are more scripts than anyone would read.
const LISTED: usize = 40;

/// A choice between words and keys, in the terms of its messages.
pub(crate) struct Choice<'a, 's> {
    pub(crate) words: &'a [&'s str],
    pub(crate) options: &'a [(&'s str, &'s Json)],
    /// Keys that may stand beside the chosen one.
    pub(crate) beside: &'a [(&'s str, &'s Json)],
    /// The noun for the choice in messages: "`schedule`", "medium of `source`".
    pub(crate) noun: &'a str,
    /// The key of the choice.
    pub(crate) label: &'a str,
    pub(crate) rules: Schema<'s>,
}

impl<'s> Choice<'_, 's> {
    /// The schema of an option.
    pub(crate) fn option(&self, key: &str) -> Option<&'s Json> {
        self.options.iter().find(|(name, _)| *name == key).map(|(_, schema)| *schema)
    }

    /// The message and the help for an unknown word.
    pub(crate) fn wrong_word(&self, word: &str) -> (String, String) {
        let word = shorten(word);
        match self.option(&word) {
            Some(schema) => {
                let example = example(&word, schema, self.rules);
                (
                    format!("{} must be a mapping: `{word}` needs its options below it", self.noun),
                    self.write(&format!("{{ {example} }}")),
                )
            }
            None => {
                let is_text = |schema| matches!(self.rules.shape(schema).kind, Kind::Text(_));
                let mut texts = self.options.iter().filter(|(_, schema)| is_text(schema));
                let help = match (texts.next(), texts.next(), self.near(&word)) {
                    (Some((key, _)), None, None) => {
                        format!("{}; {}", self.write(&format!("{{ {key}: {word} }}")), self.one_of())
                    }
                    _ => self.did_you_mean(&word),
                };
                (format!("{}: `{word}` is not known", self.noun), help)
            }
        }
    }

    /// The advice to write a value: behind its key, or alone as the item of a list.
    fn write(&self, value: &str) -> String {
        match self.label.strip_prefix('`').and_then(|label| label.strip_suffix('`')) {
            Some(key) => format!("write `{key}: {value}`"),
            None => format!("write `{value}`"),
        }
    }

    /// True if the schema of an option has an option `key`.
    fn declares(&self, schema: &Json, key: &str) -> bool {
        match self.rules.shape(schema).kind {
            Kind::Mapping(mapping) => keys(mapping).contains(&key),
            Kind::Choice { options, .. } => options.iter().any(|(name, _)| *name == key),
            _ => false,
        }
    }

    fn near(&self, word: &str) -> Option<&'s str> {
        suggest(word, self.words.iter().chain(self.options.iter().map(|(name, _)| name)).copied())
    }

    /// The place, message and help for a mapping that makes no choice, or several.
    pub(crate) fn wrong_entries(&self, first: &Entry, entries: &[Entry]) -> (Place, String, String) {
        let chosen = entries.iter().find(|entry| self.option(&entry.key).is_some());
        let stray = entries.iter().find(|entry| self.option(&entry.key).is_none());
        match (chosen, stray) {
            (Some(chosen), Some(stray)) => self.beside(chosen, stray),
            (Some(first), None) => {
                let second = entries.iter().find(|entry| entry.key != first.key).unwrap_or(first);
                let message = format!("{} is chosen twice: `{}` and `{}`", self.noun, first.key, second.key);
                (second.place.clone(), message, "keep one of them".to_owned())
            }
            (None, stray) => self.unknown(stray.unwrap_or(first)),
        }
    }

    fn beside(&self, chosen: &Entry, stray: &Entry) -> (Place, String, String) {
        let fits = self.option(&chosen.key).is_some_and(|schema| self.declares(schema, &stray.key));
        let message = format!("`{}` cannot stand beside `{}`", shorten(&stray.key), chosen.key);
        let help = if fits {
            format!("`{}` is an option of `{}`: indent it further than that", stray.key, chosen.key)
        } else if self.beside.is_empty() {
            format!("{} takes one key only: {}", self.label, self.known())
        } else {
            let others: Vec<&str> = self.beside.iter().map(|(name, _)| *name).collect();
            let meant = suggest(&stray.key, others.iter().copied());
            let meant = meant.map_or_else(String::new, |meant| format!("did you mean `{meant}`? "));
            format!(
                "{meant}{} takes one of {}; beside it may stand: {}",
                self.label,
                self.known(),
                others.join(", ")
            )
        };
        (stray.place.clone(), message, help)
    }

    fn unknown(&self, stray: &Entry) -> (Place, String, String) {
        let key = shorten(&stray.key);
        let parent = self.options.iter().find(|(_, schema)| self.declares(schema, &stray.key));
        let near = self.near(&stray.key);
        let (message, help) = match parent {
            _ if self.words.contains(&stray.key.as_str()) => {
                (format!("`{key}` takes no options"), self.write(&key))
            }
            Some((parent, _)) if near.is_none() => {
                let message = format!("{} is not chosen: `{key}` is an option of `{parent}`", self.noun);
                (
                    message,
                    format!("write `{parent}:` above it and indent what belongs to it; {}", self.one_of()),
                )
            }
            _ => (format!("{}: `{key}` is not known", self.noun), self.did_you_mean(&stray.key)),
        };
        (stray.place.clone(), message, help)
    }

    fn did_you_mean(&self, word: &str) -> String {
        match self.near(word) {
            Some(meant) if self.all().len() > LISTED => format!("did you mean `{meant}`?"),
            Some(meant) => format!("did you mean `{meant}`? {}", self.one_of()),
            None => self.one_of(),
        }
    }

    /// The advice to choose one of all possible words and keys.
    pub(crate) fn one_of(&self) -> String {
        format!("choose one of: {}", self.known())
    }

    /// All possible words and keys in a list, or the first of very many.
    fn known(&self) -> String {
        let all = self.all();
        match all.len().saturating_sub(LISTED) {
            0 => all.join(", "),
            more => format!("{}, and {more} more", all[..LISTED].join(", ")),
        }
    }

    fn all(&self) -> Vec<&'s str> {
        // A word that can stand with and without options is named once.
        let options = self.options.iter().map(|(name, _)| name).filter(|name| !self.words.contains(name));
        self.words.iter().chain(options).copied().collect()
    }
}

/// An option in YAML's one-line form, with dots for required values.
fn example(key: &str, schema: &Json, rules: Schema<'_>) -> String {
    let schema = rules.resolve(schema);
    let required = schema.get("required").and_then(Json::as_array).into_iter().flatten();
    let fields: Vec<_> = required.filter_map(Json::as_str).map(|key| format!("{key}: ...")).collect();
    if !matches!(rules.shape(schema).kind, Kind::Mapping(_)) {
        format!("{key}: ...")
    } else if fields.is_empty() {
        format!("{key}: {{}}")
    } else {
        format!("{key}: {{ {} }}", fields.join(", "))
    }
}
