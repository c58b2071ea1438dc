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
    /// How many letters make a frame, all of which are written at once; 0: each letter is a token, written after
    /// those before it.
    #[serde(default)]
    #[schemars(range(max = 64))]
    block: usize,
    /// How many frames on either side the encoder's every position sees before any attention.
    #[serde(default)]
    #[schemars(range(max = 50))]
    neighbours: usize,
    /// The most letters that are written in frames.
    #[serde(default = "longest")]
    #[schemars(range(min = 1, max = 100_000))]
    longest: usize,
}

fn longest() -> usize {
    2048
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
        Letters { alphabet: self.letters, block: 0, neighbours: 0, longest: 0 }
            .encode(&opened)
            .map(|_| opened)
    }

    fn fit(
        &self,
        options: &serde_json::Value,
        _values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<Arc<dyn Adapter>, AdapterError> {
        let number = |key: &str| options[key].as_u64().unwrap_or_default() as usize;
        let (block, neighbours, longest) = (number("block"), number("neighbours"), number("longest"));
        Ok(Arc::new(Letters { alphabet: self.letters, block, neighbours, longest }))
    }

    fn load(&self, options: &serde_json::Value, _folder: &Path) -> Result<Arc<dyn Adapter>, AdapterError> {
        self.fit(options, &mut std::iter::empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AMINO_ACIDS, SECONDARY_STRUCTURE};

    #[test]
    fn values_are_opened() {
        let open = |medium: Alphabet, fields: &[&str]| {
            let value = match fields {
                [text] => Value::from(*text),
                fields => Value::Series(fields.iter().map(|field| Value::from(*field)).collect()),
            };
            medium.open(&json!({}), &value).ok().map(|opened| opened.to_string())
        };
        let amino_acids = |fields: &[&str]| open(AMINO_ACIDS, fields);
        let structure = |fields: &[&str]| open(SECONDARY_STRUCTURE, fields);
        for (opened, expected) in [
            (amino_acids(&["mkUz"]), Some("MKXX")),
            (amino_acids(&["MK*"]), None),
            (amino_acids(&["MK", "10"]), Some("MX")),
            (structure(&["HHEC"]), Some("HHEC")),
            (structure(&["HHEC", "0111"]), Some("-HEC")),
            (structure(&["HHEC", "011"]), None),
            (structure(&["HHEC", "01 1"]), None),
            (structure(&["HGEC", "1111"]), None),
            (structure(&["HHEC", "1111", "1111"]), None),
            (structure(&[""]), Some("")),
        ] {
            assert_eq!(opened.as_deref(), expected);
        }
    }

    #[test]
    fn options_are_resolved() {
        let resolved = SECONDARY_STRUCTURE.resolve(&json!({ "field": "structure", "mask": "mask" }));
        let expected =
            json!({ "field": "structure", "mask": "mask", "block": 0, "neighbours": 0, "longest": 2048 });
        assert_eq!(resolved, expected);
        assert_eq!(SECONDARY_STRUCTURE.fields(&resolved), ["structure", "mask"]);
        assert_eq!(SECONDARY_STRUCTURE.fields(&json!({ "field": "structure", "mask": null })), ["structure"]);
        let problems = SECONDARY_STRUCTURE.check(&json!({ "field": "mask", "mask": "mask" }));
        assert_eq!(problems[0].pointer, "/mask");
    }
}
