//! The model section: a model, and the run that it starts from.

use std::borrow::Cow;
use std::ops::{Deref, DerefMut};
use std::path::PathBuf;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use super::Model;

/// The model that all tasks share, and what it starts from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ModelSection {
    /// The kind of model with its options.
    #[serde(flatten)]
    pub kind: Model,
    /// The run whose weights the model starts with, and the parts of it that learn.
    #[serde(flatten)]
    pub start: Start,
}

/// The start of a model: the weights of another run, and the parts of it that learn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[non_exhaustive]
pub struct Start {
    /// The folder of a run whose weights the model starts with, or of a model from elsewhere that `any2any import` reads:
    /// each parameter of the same name and shape is taken over, the others are fresh. Sides of tasks take over the options of
    /// their medium that they leave out, and tasks their prompt and decoding; the model may be left out too.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "path"))]
    pub from: Option<PathBuf>,
    /// The vocabularies of the run that the model starts with.
    #[serde(skip_serializing_if = "VocabularyStart::is_default")]
    pub vocabulary: VocabularyStart,
    /// The parts of the model that do not learn: `encoder`, `decoder`, `embeddings`, `stems`, `heads`, `norms`, or the
    /// beginning or a part of a parameter's name, such as `encoder.layers.0` or `cross_attention`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub freeze: Vec<String>,
    /// Low-rank adaptation: beside frozen matrices, two narrow ones learn. Without it, all parameters learn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lora: Option<Lora>,
}

/// The vocabularies of a model that starts from another run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum VocabularyStart {
    /// The vocabulary of the start, where a side has the same options.
    #[default]
    Keep,
    /// The vocabulary of the start, and behind it the pieces of the new data that it lacks: their embeddings are fresh.
    Extend,
    /// A vocabulary that is fitted to the new data: pieces that the start has too keep their embeddings.
    Replace,
}

impl VocabularyStart {
    #[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Low-rank adaptation (Hu et al. 2021, "LoRA"): a frozen matrix `W` acts as `W + alpha / rank · A B`, of which `A` and
/// `B` learn. What was not taken over from the start learns as a whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Lora {
    /// The number of columns of `A` and of rows of `B`.
    #[schemars(range(min = 1, max = 65_536))]
    pub rank: usize,
    /// The numerator of the factor of `A B`.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub alpha: f64,
    /// The dropout rate of what enters `A`, in training alone. A pass drops the same features at every position.
    #[schemars(range(min = 0.0, max = 0.95))]
    pub dropout: f64,
    /// The matrices that are adapted, in every layer that has them.
    #[schemars(length(min = 1))]
    pub on: Vec<Adapted>,
}

impl Default for Lora {
    fn default() -> Self {
        Self { rank: 8, alpha: 16.0, dropout: 0.0, on: vec![Adapted::Query, Adapted::Value] }
    }
}

impl Lora {
    /// The factor of `A B`.
    pub fn scale(&self) -> f64 {
        self.alpha / self.rank as f64
    }

    /// True for the matrices that are adapted, by the name of their parameter.
    pub fn adapts(&self, parameter: &str) -> bool {
        let mut parts = parameter.rsplit('.');
        let (weight, matrix) = (parts.next(), parts.next());
        weight == Some("weight") && self.on.iter().any(|on| Some(on.name()) == matrix)
    }
}

/// A matrix of a layer that low-rank adaptation can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Adapted {
    /// The matrix of attention's queries.
    Query,
    /// The matrix of attention's keys.
    Key,
    /// The matrix of attention's values.
    Value,
    /// The matrix that mixes the heads of attention.
    Output,
    /// The matrix that leads into a feed-forward layer.
    Inner,
    /// The matrix of a feed-forward layer's gates.
    Gate,
    /// The matrix that leads out of a feed-forward layer.
    Outer,
}

impl Adapted {
    /// The name of the matrix in the names of parameters.
    pub fn name(self) -> &'static str {
        use any2any_architecture::names;
        match self {
            Self::Query => names::QUERY,
            Self::Key => names::KEY,
            Self::Value => names::VALUE,
            Self::Output => names::OUTPUT,
            Self::Inner => names::INNER,
            Self::Gate => names::GATE,
            Self::Outer => names::OUTER,
        }
    }
}

impl From<Model> for ModelSection {
    fn from(kind: Model) -> Self {
        Self { kind, start: Start::default() }
    }
}

// Whoever asks what the model is need not know what it starts from.
impl Deref for ModelSection {
    type Target = Model;

    fn deref(&self) -> &Model {
        &self.kind
    }
}

impl DerefMut for ModelSection {
    fn deref_mut(&mut self) -> &mut Model {
        &mut self.kind
    }
}

/// The key of a schema with a choice among some of its properties: their names, and the property that stands for a choice.
pub(crate) const CHOICE: &str = "x-choice";

impl JsonSchema for ModelSection {
    fn schema_name() -> Cow<'static, str> {
        "ModelSection".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let kinds = Model::json_schema(generator).to_value();
        let mut properties = Map::new();
        for kind in kinds.get("oneOf").and_then(Json::as_array).into_iter().flatten() {
            for (name, options) in kind.get("properties").and_then(Json::as_object).into_iter().flatten() {
                let mut options = options.clone();
                if let (Some(described), Some(options)) = (kind.get("description"), options.as_object_mut()) {
                    options.insert("description".to_owned(), described.clone());
                }
                properties.insert(name.clone(), options);
            }
        }
        let names: Vec<String> = properties.keys().cloned().collect();
        let chosen: Vec<Json> = names.iter().map(|name| json!({ "required": [name] })).collect();
        let mut exactly_one = chosen.clone();
        exactly_one.push(json!({ "required": ["from"], "not": { "anyOf": chosen } }));
        let start = Start::json_schema(generator).to_value();
        properties.extend(start.get("properties").and_then(Json::as_object).cloned().unwrap_or_default());
        let mut schema = json!({
            "type": "object",
            "description": kinds.get("description"),
            "properties": properties,
            "additionalProperties": false,
            "allOf": [{ "oneOf": exactly_one }],
        });
        schema[CHOICE] = json!({ "of": names, "or": "from" });
        Schema::try_from(schema).unwrap_or_default()
    }
}
