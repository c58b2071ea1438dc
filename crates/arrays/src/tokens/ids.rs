//! Value of the medium of tokens: a row of ids.

use any2any_adapter::{AdapterError, CustomContents, Part, Value};

use crate::error::ArrayError;
use crate::numbers;
use crate::source::{self, Source};

/// Row of ids of a vocabulary.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ids(pub Vec<u32>);

impl CustomContents for Ids {
    fn kind(&self) -> &'static str {
        "a row of ids"
    }

    fn items(&self) -> Vec<String> {
        self.0.iter().map(u32::to_string).collect()
    }

    fn count(&self) -> usize {
        self.0.len()
    }

    fn bytes(&self) -> usize {
        size_of_val(&self.0[..])
    }
}

/// The ids of a value; those of values that follow each other are joined.
pub(super) fn open(value: &Value) -> Result<Ids, AdapterError> {
    let ids = match value {
        Value::Series(values) => {
            let parts = values.iter().map(open).collect::<Result<Vec<_>, _>>()?;
            Ids(parts.into_iter().flat_map(|part| part.0).collect())
        }
        other => match other.as_custom::<Ids>() {
            Some(ids) => ids.clone(),
            None => Ids(source::read(other, "a row of ids", of_source)?),
        },
    };
    if ids.0.is_empty() { Err(ArrayError::Empty { unit: "id" }.into()) } else { Ok(ids) }
}

/// The ids of a file or a text.
pub(super) fn of_source(source: Source<'_>, part: Option<Part>) -> Result<Vec<u32>, ArrayError> {
    let array = match source {
        Source::Text(text) => return numbers::ids(text),
        Source::Array(array) => array,
    };
    let (shape, strides, start) = source::item(&array, 1, part)?;
    if !array.is_whole() {
        let kind = array.type_name();
        return Err(ArrayError::broken(format!(
            "holds {kind}, not ids: save it with `array.astype('int64')`"
        )));
    }
    let (&[len], &[stride]) = (shape, strides) else { return Err(ArrayError::Empty { unit: "id" }) };
    let id = |place: usize| {
        let number = array.whole(start + place * stride).unwrap_or_default();
        u32::try_from(number).map_err(|_| {
            ArrayError::broken(format!("has {number} at place {place}: ids go from 0 to 4294967295"))
        })
    };
    (0..len).map(id).collect()
}
