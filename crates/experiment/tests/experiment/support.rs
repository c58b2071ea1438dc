//! Media to test with: the options of a text medium, and no adapter behind them.

use std::path::Path;
use std::sync::Arc;

use any2any_adapter::{Adapter, AdapterError, Kind, Medium, OptionProblem, Registry, Value};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// Texts.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Options {
    /// The field of the dataset to read.
    #[schemars(length(min = 1))]
    field: String,
    /// Lower case instead of capitals.
    #[serde(default)]
    lowercase: bool,
    /// The splitting of a text into tokens.
    #[serde(default)]
    tokenizer: Tokenizer,
}

/// The splitting of a text into tokens.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Tokenizer {
    /// Byte-pair encoding (Sennrich et al. 2016).
    Bpe(Bpe),
    /// Every character is a token.
    Characters,
}

/// Byte-pair encoding.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Bpe {
    /// The number of tokens.
    #[schemars(range(min = 1))]
    vocab: usize,
    /// One vocabulary for all sides with these options.
    shared: bool,
}

impl Default for Tokenizer {
    fn default() -> Self {
        Self::Bpe(Bpe::default())
    }
}

impl Default for Bpe {
    fn default() -> Self {
        Self { vocab: 8000, shared: false }
    }
}

struct Text;

impl Medium for Text {
    fn name(&self) -> &'static str {
        "text"
    }

    fn schema(&self) -> schemars::Schema {
        schemars::schema_for!(Options)
    }

    fn check(&self, options: &Json) -> Vec<OptionProblem> {
        match options.pointer("/tokenizer/bpe/vocab").and_then(Json::as_u64) {
            Some(vocab) if vocab < 260 => vec![OptionProblem {
                pointer: "/tokenizer/bpe/vocab".to_owned(),
                message: format!(
                    "a vocabulary of {vocab} has no room for the 256 bytes and the 4 special tokens"
                ),
                help: Some("take at least 260".to_owned()),
            }],
            _ => Vec::new(),
        }
    }

    fn resolve(&self, options: &Json) -> Json {
        let options: Options = serde_json::from_value(options.clone()).expect("options that fit the schema");
        serde_json::to_value(options).expect("plain data")
    }

    fn fields(&self, options: &Json) -> Vec<String> {
        options["field"].as_str().map(str::to_owned).into_iter().collect()
    }

    fn inherited(&self) -> &'static [&'static str] {
        &["lowercase", "tokenizer"]
    }

    fn sharing(&self, options: &Json) -> Option<String> {
        let bpe = options.pointer("/tokenizer/bpe")?;
        bpe["shared"].as_bool().filter(|shared| *shared).map(|_| bpe.to_string())
    }

    fn fit(
        &self,
        _options: &Json,
        _values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<Arc<dyn Adapter>, AdapterError> {
        Err(AdapterError::Value { reason: "this medium only has options".to_owned() })
    }

    fn load(&self, _options: &Json, _folder: &Path) -> Result<Arc<dyn Adapter>, AdapterError> {
        Err(AdapterError::Value { reason: "this medium only has options".to_owned() })
    }
}

/// Sounds, with the options of texts.
struct Sound;

impl Medium for Sound {
    fn name(&self) -> &'static str {
        "sound"
    }

    fn kind(&self) -> Kind {
        Kind::Signal
    }

    fn schema(&self) -> schemars::Schema {
        Text.schema()
    }

    fn check(&self, options: &Json) -> Vec<OptionProblem> {
        Text.check(options)
    }

    fn resolve(&self, options: &Json) -> Json {
        Text.resolve(options)
    }

    fn fields(&self, options: &Json) -> Vec<String> {
        Text.fields(options)
    }

    fn fit(
        &self,
        options: &Json,
        values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<Arc<dyn Adapter>, AdapterError> {
        Text.fit(options, values)
    }

    fn load(&self, options: &Json, folder: &Path) -> Result<Arc<dyn Adapter>, AdapterError> {
        Text.load(options, folder)
    }
}

/// A registry with the medium `text`.
pub(crate) fn registry() -> Registry {
    Registry::new().with(Text)
}

/// A registry with the media `text` and `sound`.
pub(crate) fn registry_with_sound() -> Registry {
    registry().with(Sound)
}
