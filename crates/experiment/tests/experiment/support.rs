//! Media to test with: the options of a text medium, and no adapter behind them.

use any2any_adapter::{
    Adapter, AdapterError, Encoded, Kind, Medium, OptionProblem, Registry, Sharing, Side, Stem, Value,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Texts.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
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
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Tokenizer {
    /// Byte-pair encoding (Sennrich et al. 2016).
    Bpe(Bpe),
    /// Every character is a token.
    Characters,
}

/// Byte-pair encoding.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
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
    type Options = Options;
    type Adapter = Nothing;

    fn name(&self) -> &str {
        "text"
    }

    fn check(&self, options: &Options) -> Vec<OptionProblem> {
        match &options.tokenizer {
            Tokenizer::Bpe(Bpe { vocab, .. }) if *vocab < 260 => vec![OptionProblem::new(
                "/tokenizer/bpe/vocab",
                format!("a vocabulary of {vocab} has no room for the 256 bytes and the 4 special tokens"),
                "take at least 260",
            )],
            _ => Vec::new(),
        }
    }

    fn fields(&self, options: &Options) -> Vec<String> {
        vec![options.field.clone()]
    }

    fn inherited(&self) -> &'static [&'static str] {
        &["lowercase", "tokenizer"]
    }

    fn sharing(&self, options: &Options) -> Sharing {
        match &options.tokenizer {
            Tokenizer::Bpe(bpe) if bpe.shared => Sharing::Key(bpe.vocab.to_string()),
            _ => Sharing::Alone,
        }
    }

    fn fit(
        &self,
        _side: &Side<Options>,
        _values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<Nothing, AdapterError> {
        Err(AdapterError::value("this medium only has options"))
    }
}

/// No adapter: a text medium that only has options.
struct Nothing;

impl Adapter for Nothing {
    fn stem(&self) -> Stem {
        Stem::Projection { width: 1 }
    }

    fn encode(&self, value: &Value) -> Result<Encoded, AdapterError> {
        Err(AdapterError::other_medium("nothing", value))
    }
}

/// Sounds, with the options of texts.
struct Sound;

impl Medium for Sound {
    type Options = Options;
    type Adapter = Nothing;

    fn name(&self) -> &str {
        "sound"
    }

    fn kind(&self) -> Kind {
        Kind::Signal
    }

    fn check(&self, options: &Options) -> Vec<OptionProblem> {
        Text.check(options)
    }

    fn fields(&self, options: &Options) -> Vec<String> {
        Text.fields(options)
    }

    fn fit(
        &self,
        _side: &Side<Options>,
        _values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<Nothing, AdapterError> {
        Err(AdapterError::value("this medium only has options"))
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
