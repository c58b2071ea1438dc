//! References of requests to a run or a task.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize};

/// A run or a task: by its number, from 0, or by its name. A run's name is the last part of its folder's path, with its number
/// (`mine-1`) where a run before it has the same. A name of digits alone is taken for a number if there are so many.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Reference {
    /// A number, from 0.
    Number(usize),
    /// A name.
    Name(String),
}

impl Reference {
    /// The place of what is meant among all that there are, by their names.
    pub(crate) fn place<N: AsRef<str>>(&self, names: impl ExactSizeIterator<Item = N>) -> Option<usize> {
        let (count, mut names) = (names.len(), names);
        match self {
            Self::Number(number) if *number < count => Some(*number),
            meant => names.position(|name| name.as_ref() == meant.to_string()),
        }
    }
}

impl Default for Reference {
    fn default() -> Self {
        Self::Number(0)
    }
}

impl From<usize> for Reference {
    fn from(number: usize) -> Self {
        Self::Number(number)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(formatter, "{number}"),
            Self::Name(name) => formatter.write_str(name),
        }
    }
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reading;

        impl Visitor<'_> for Reading {
            type Value = Reference;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a number, from 0, or a name")
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Reference, E> {
                // No list is so long that a number beyond this machine's would be in it.
                Ok(Reference::Number(usize::try_from(number).unwrap_or(usize::MAX)))
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Reference, E> {
                let wrong = || E::invalid_value(serde::de::Unexpected::Signed(number), &self);
                Ok(Reference::Number(usize::try_from(number).map_err(|_| wrong())?))
            }

            fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Reference, E> {
                // 1.0 is an integer to JSON Schema; the cast saturates.
                match number.fract() == 0.0 && number >= 0.0 {
                    true => Ok(Reference::Number(number as usize)),
                    false => Err(E::invalid_value(serde::de::Unexpected::Float(number), &self)),
                }
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Reference, E> {
                // All values of an address are texts.
                match text.parse::<i128>() {
                    Ok(number) if number < 0 => {
                        Err(E::invalid_value(serde::de::Unexpected::Str(text), &self))
                    }
                    Ok(number) => Ok(Reference::Number(usize::try_from(number).unwrap_or(usize::MAX))),
                    Err(_) => Ok(Reference::Name(text.to_owned())),
                }
            }
        }

        deserializer.deserialize_any(Reading)
    }
}

impl JsonSchema for Reference {
    fn schema_name() -> Cow<'static, str> {
        "Reference".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A run or a task: by its number, from 0, or by its name.",
            "anyOf": [{ "type": "integer", "minimum": 0 }, { "type": "string" }],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_lead_to_the_same() {
        let names = ["quickstart", "2", "mine"];
        for (written, expected) in [
            ("0", Some(0)),
            (r#""mine""#, Some(2)),
            (r#""1""#, Some(1)),
            ("2", Some(2)),
            ("2.0", Some(2)),
            (r#""2""#, Some(2)),
            ("3", None),
            (r#""other""#, None),
            (r#""""#, None),
        ] {
            let reference: Reference = serde_json::from_str(written).expect(written);
            assert_eq!(reference.place(names.iter()), expected, "{written}");
        }
        let reference: Reference = serde_json::from_str("7").expect("a number");
        assert_eq!(reference.place(["a", "7"].iter()), Some(1), "a name of digits");
        for wrong in ["-1", r#""-1""#, "1.5", "null", "[0]"] {
            assert!(serde_json::from_str::<Reference>(wrong).is_err(), "{wrong}");
        }
    }
}
