//! LibreTranslate's interface, as its own clients ask and are answered.

use std::fmt;

use schemars::JsonSchema;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// Texts to translate, as JSON, as a form (`application/x-www-form-urlencoded` or `multipart/form-data`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct LibreTranslateRequest {
    /// A text, or several. Each of its lines is translated by itself.
    pub q: Texts,
    /// The language of the texts, one of `/languages`; `auto` if only one can be meant.
    #[schemars(length(min = 1))]
    pub source: String,
    /// The language to translate into.
    #[schemars(length(min = 1))]
    pub target: String,
    /// `text`; `html` is refused.
    #[serde(default)]
    pub format: Option<String>,
    /// The number of other translations of each text beside the best, from a beam search.
    #[serde(default)]
    pub alternatives: Option<usize>,
    /// The server's token, which may also come as `Authorization: Bearer TOKEN`.
    #[serde(default)]
    pub api_key: Option<String>,
}

/// A text, or several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Texts {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

// Written by hand, since serde's derive keeps all values in a tree before it knows what they are.
impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Texts;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a text, or an array of texts")
            }

            fn visit_str<E>(self, text: &str) -> Result<Texts, E> {
                Ok(Texts::One(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut texts: A) -> Result<Texts, A::Error> {
                let mut all = Vec::new();
                while let Some(text) = texts.next_element()? {
                    all.push(text);
                }
                Ok(Texts::Several(all))
            }
        }

        deserializer.deserialize_any(Either)
    }
}

/// The translations, in the shape of the question: a text for a text, a list for a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct LibreTranslateAnswer {
    /// The best translation of each text.
    pub translated_text: Texts,
    /// The other translations of each text, if they were asked for: a list, or a list of lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alternatives: Option<Alternatives>,
}

/// Other translations of one text, or of several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Alternatives {
    /// Those of one text.
    One(Vec<String>),
    /// Those of several texts.
    Several(Vec<Vec<String>>),
}

/// A language that is translated from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct LibreTranslateLanguage {
    /// The code: two letters where there are some and only one of the model's languages is meant, else the model's name.
    pub code: String,
    /// The English name.
    pub name: String,
    /// The codes of the languages that it is translated into.
    pub targets: Vec<String>,
}

/// The reason why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct LibreTranslateProblem {
    /// The reason, and the way out.
    pub error: String,
}
