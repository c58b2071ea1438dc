//! A medium of texts over an alphabet: its options, and its values on their way from the dataset to the adapter.

use std::path::Path;
use std::sync::Arc;

use any2any_adapter::{Adapter, AdapterError, Medium, OptionProblem, Value};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::letters::Letters;

/// A medium of texts over an alphabet.
pub(crate) struct Alphabet {
    /// What the medium is called in an experiment.
    pub(crate) name: &'static str,
    /// Its letters; the last stands for what is not known.
    pub(crate) letters: &'static str,
    /// Letters that are read as the last.
    pub(crate) rare: &'static [char],
}

/// What an experiment can say about such a text.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Options {
    /// The field of the dataset that holds the text.
    #[schemars(length(min = 1))]
    field: String,
    /// The field that has a 1 where a letter is known and a 0 where it is not; null: all are known.
    #[serde(default)]
    mask: Option<String>,
    /// How many letters on either side the encoder's every position sees before any attention. With 0, texts are
    /// tokens, which can be written as well as read.
    #[serde(default)]
    #[schemars(range(max = 50))]
    neighbours: usize,
    /// Writes all letters at once, at most so many, none seeing the others; null: one after the other.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100_000))]
    at_once: Option<usize>,
}

impl Medium for Alphabet {
    fn name(&self) -> &'static str {
        self.name
    }

    fn schema(&self) -> schemars::Schema {
        schemars::schema_for!(Options)
    }

    fn check(&self, options: &serde_json::Value) -> Vec<OptionProblem> {
        let problem = || OptionProblem {
            pointer: "/mask".to_owned(),
            message: "the mask is the text itself".to_owned(),
            help: Some("name the field of zeros and ones, or leave `mask` out".to_owned()),
        };
        (options["mask"] == options["field"]).then(problem).into_iter().collect()
    }

    fn resolve(&self, options: &serde_json::Value) -> serde_json::Value {
        json!(serde_json::from_value::<Options>(options.clone()).ok())
    }

    /// Two fields, when there is a mask: `open` is then given a series of both.
    fn fields(&self, options: &serde_json::Value) -> Vec<String> {
        ["field", "mask"].iter().filter_map(|key| options[key].as_str()).map(str::to_owned).collect()
    }

    /// Capital letters of the alphabet, the last of them where the mask has a 0.
    fn open(&self, _options: &serde_json::Value, value: &Value) -> Result<Value, AdapterError> {
        let wrong = |reason: &str| AdapterError::Value { reason: reason.to_owned() };
        let (text, mask) = match value {
            Value::Text(text) => (text, None),
            Value::Series(fields) => match &fields[..] {
                [Value::Text(text), Value::Text(mask)] => (text, Some(mask)),
                _ => return Err(wrong("a text and its mask were expected")),
            },
            other => return Err(AdapterError::other_medium("a text", other)),
        };
        let unknown = self.letters.chars().last().unwrap_or_default();
        let mut letters: Vec<char> =
            text.to_ascii_uppercase().replace(self.rare, &unknown.to_string()).chars().collect();
        if mask.is_some_and(|mask| {
            mask.len() != letters.len() || mask.contains(|known| known != '0' && known != '1')
        }) {
            return Err(wrong("the mask needs a 0 or a 1 for every letter of the text"));
        }
        for (letter, known) in letters.iter_mut().zip(mask.into_iter().flat_map(|mask| mask.chars())) {
            *letter = if known == '1' { *letter } else { unknown };
        }
        let opened = Value::Text(letters.into_iter().collect());
        Letters { alphabet: self.letters, neighbours: 0, at_once: None }.encode(&opened).map(|_| opened)
    }

    fn fit(
        &self,
        options: &serde_json::Value,
        _values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<Arc<dyn Adapter>, AdapterError> {
        let neighbours = options["neighbours"].as_u64().unwrap_or(0) as usize;
        let at_once = options["at_once"].as_u64().map(|most| most as usize);
        Ok(Arc::new(Letters { alphabet: self.letters, neighbours, at_once }))
    }

    fn load(&self, options: &serde_json::Value, _folder: &Path) -> Result<Arc<dyn Adapter>, AdapterError> {
        self.fit(options, &mut std::iter::empty())
    }
}
