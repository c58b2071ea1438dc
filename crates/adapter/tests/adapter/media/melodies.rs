//! Values of their own kind, read in frames that cover items.

use any2any_adapter::{
    Adapter, AdapterError, CustomContents, Encoded, Kind, Medium, OpenedValue, Region, Side, Stem, Value,
};

use super::{Options, frames};

/// Medium of melodies, which is also its adapter.
#[derive(Clone, Copy)]
pub(crate) struct Melodies;

/// Keys of a piano.
#[derive(Debug, PartialEq)]
struct Melody(Vec<u8>);

impl CustomContents for Melody {
    fn kind(&self) -> &'static str {
        "a melody"
    }

    fn items(&self) -> Vec<String> {
        self.0.iter().map(u8::to_string).collect()
    }
}

impl Medium for Melodies {
    type Options = Options;
    type Adapter = Self;

    fn name(&self) -> &str {
        "melodies"
    }

    fn kind(&self) -> Kind {
        Kind::Custom
    }

    fn fields(&self, options: &Options) -> Vec<String> {
        vec![options.field.clone()]
    }

    fn open(&self, _side: &Side<Options>, value: &Value) -> Result<OpenedValue, AdapterError> {
        let text = value.as_text().ok_or_else(|| AdapterError::other_medium("a text of keys", value))?;
        let key = |word: &str| word.parse().map_err(|_| AdapterError::value(format!("'{word}' is no key")));
        let keys = text.split_whitespace().map(key).collect::<Result<Vec<u8>, _>>()?;
        if keys.is_empty() {
            return Err(AdapterError::value("a melody without keys"));
        }
        Ok(Value::custom(Melody(keys)).into())
    }

    fn fit(
        &self,
        _side: &Side<Options>,
        _values: &mut dyn Iterator<Item = &Value>,
    ) -> Result<Self, AdapterError> {
        Ok(*self)
    }
}

impl Adapter for Melodies {
    fn stem(&self) -> Stem {
        Stem::Projection { width: 1 }
    }

    fn encode(&self, value: &Value) -> Result<Encoded, AdapterError> {
        let other = || AdapterError::other_medium("a melody", value);
        let Melody(keys) = value.as_custom().ok_or_else(other)?;
        let regions = (0..keys.len()).map(|at| Region::Items(at..at + 1)).collect();
        Ok(Encoded { sequence: frames(1, keys.iter().map(|key| f32::from(*key)).collect()), regions })
    }

    fn read_back(&self, bytes: &[u8]) -> Result<Value, AdapterError> {
        let text = std::str::from_utf8(bytes).map_err(|error| AdapterError::value(error.to_string()))?;
        let key = |word: &str| word.parse().map_err(|_| AdapterError::value(format!("'{word}' is no key")));
        Ok(Value::custom(Melody(text.split_whitespace().map(key).collect::<Result<_, _>>()?)))
    }
}
