//! A medium of texts over an alphabet: its options, and its values on their way to the adapter.

use std::path::Path;
use std::sync::Arc;

use any2any_adapter::{Adapter, AdapterError, Medium, OpenedValue, OptionProblem, Value};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A medium of texts over an alphabet, and its adapter.
#[derive(Clone, Copy)]
pub(crate) struct Alphabet {
    /// The name of the medium in an experiment.
    pub(crate) name: &'static str,
    /// Its letters; the last stands for unknown ones.
    pub(crate) letters: &'static str,
    /// Letters that are read as the last.
    pub(crate) rare: &'static str,
    /// True if it is read; otherwise it is written.
    pub(crate) read: bool,
}

/// Options of the medium, as an experiment writes them.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Options {
    /// The field of the dataset that holds the text.
    #[schemars(length(min = 1))]
    field: String,
    /// The field that has a 1 where a letter is known and a 0 where it is not; null: all are known.
    #[serde(default)]
    mask: Option<String>,
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
        serde_json::json!(serde_json::from_value::<Options>(options.clone()).ok())
    }

    /// Two fields, when there is a mask: `open` is then given a series of both.
    fn fields(&self, options: &serde_json::Value) -> Vec<String> {
        ["field", "mask"].iter().filter_map(|key| options[key].as_str()).map(str::to_owned).collect()
    }

    /// All sides of this medium are one adapter, and one entrance of the model.
    fn sharing(&self, _options: &serde_json::Value) -> Option<String> {
        Some(self.name.to_owned())
    }

    /// Capital letters of the alphabet, the last of them where the mask has a 0.
    fn open(&self, _options: &serde_json::Value, value: &Value) -> Result<OpenedValue, AdapterError> {
        let fields = if let Value::Series(fields) = value { fields } else { std::slice::from_ref(value) };
        let (text, mask) = match fields {
            [Value::Text(text)] => (text, "1".repeat(text.chars().count())),
            [Value::Text(text), Value::Text(mask)] => (text, mask.clone()),
            _ => return Err(AdapterError::other_medium("a text, or a text and its mask", value)),
        };
        let unknown = self.letters.chars().last().unwrap_or_default();
        if text.chars().count() != mask.chars().count() || mask.contains(|known| known != '0' && known != '1')
        {
            let reason = "the mask needs a 0 or a 1 for every letter of the text".to_owned();
            return Err(AdapterError::Value { reason });
        }
        let letter = |(letter, known): (char, char)| match letter.to_ascii_uppercase() {
            letter if known == '0' || self.rare.contains(letter) => unknown,
            letter => letter,
        };
        let opened = Value::Text(text.chars().zip(mask.chars()).map(letter).collect());
        // A value with other letters is an error here, where its sample is left out and counted.
        self.encode(&opened).map(|_| opened.into())
    }

    fn fit(
        &self,
        _options: &serde_json::Value,
        _values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<Arc<dyn Adapter>, AdapterError> {
        Ok(Arc::new(*self))
    }

    fn load(&self, _options: &serde_json::Value, _folder: &Path) -> Result<Arc<dyn Adapter>, AdapterError> {
        Ok(Arc::new(*self))
    }
}
