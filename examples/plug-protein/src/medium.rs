//! A medium of texts over an alphabet: its options, and its values on their way to the adapter.

use any2any::schemars::JsonSchema;
use any2any::serde::{Deserialize, Serialize};
use any2any::{AdapterError, Medium, OpenedValue, OptionProblem, Package, Sharing, Side, Value};

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
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(crate = "any2any::serde", deny_unknown_fields)]
#[schemars(crate = "any2any::schemars")]
pub(crate) struct Options {
    /// The field of the dataset that holds the text.
    #[schemars(length(min = 1))]
    field: String,
    /// The field that has a 1 where a letter is known and a 0 where it is not; null: all are known.
    #[serde(default)]
    mask: Option<String>,
}

impl Medium for Alphabet {
    type Options = Options;
    type Adapter = Self;

    fn name(&self) -> &str {
        self.name
    }

    fn package(&self) -> Package {
        any2any::package!()
    }

    fn check(&self, options: &Options) -> Vec<OptionProblem> {
        let problem = || {
            let help = "name the field of zeros and ones, or leave `mask` out";
            OptionProblem::new("/mask", "the mask is the text itself", help)
        };
        (options.mask.as_ref() == Some(&options.field)).then(problem).into_iter().collect()
    }

    /// Two fields, when there is a mask: `open` is then given a series of both.
    fn fields(&self, options: &Options) -> Vec<String> {
        std::iter::once(options.field.clone()).chain(options.mask.clone()).collect()
    }

    /// All sides of this medium are one adapter, and one entrance of the model.
    fn sharing(&self, _options: &Options) -> Sharing {
        Sharing::Key(self.name.to_owned())
    }

    /// Capital letters of the alphabet, the last of them where the mask has a 0.
    fn open(&self, _side: &Side<Options>, value: &Value) -> Result<OpenedValue, AdapterError> {
        let fields = if let Value::Series(fields) = value { fields } else { std::slice::from_ref(value) };
        let (text, mask) = match fields {
            [Value::Text(text)] => (text, "1".repeat(text.chars().count())),
            [Value::Text(text), Value::Text(mask)] => (text, mask.clone()),
            _ => return Err(AdapterError::other_medium("a text, or a text and its mask", value)),
        };
        let unknown = self.letters.chars().last().unwrap_or_default();
        if text.chars().count() != mask.chars().count() || mask.contains(|known| known != '0' && known != '1')
        {
            return Err(AdapterError::value("the mask needs a 0 or a 1 for every letter of the text"));
        }
        let letter = |(letter, known): (char, char)| match letter.to_ascii_uppercase() {
            letter if known == '0' || self.rare.contains(letter) => unknown,
            letter => letter,
        };
        Ok(Value::Text(text.chars().zip(mask.chars()).map(letter).collect()).into())
    }

    fn fit(
        &self,
        _side: &Side<Options>,
        _values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<Self, AdapterError> {
        Ok(*self)
    }
}
