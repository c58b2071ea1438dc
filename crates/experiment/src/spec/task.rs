//! Tasks: what is read, what is written, and from which data.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Data, Decoding, Metric};

/// One source medium, one target medium, and their data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// The samples.
    pub data: Data,
    /// What is read. A decoder-only model has no source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Side>,
    /// What is written.
    pub target: Side,
    /// Whether the target has one token for every position of the source, as a label has: all are then written
    /// at once, each from what the encoder made of its position.
    #[serde(default)]
    pub aligned: bool,
    /// The share of samples whose source is left out in training, drawn anew every epoch: the model also learns what
    /// is written whatever the source says, which [`Decoding::guidance`] asks for. 0.1 is usual.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 0.9))]
    pub source_dropout: f64,
    /// How often this task is drawn, relative to the others of the experiment.
    #[serde(default = "one")]
    #[schemars(range(min = 0.0))]
    pub weight: f64,
    /// Further fields of the dataset with other right outputs of the same samples: decoded texts are scored against all
    /// of them beside the target. Training does not read them, and a split that lacks one is scored without it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// What the task's outputs are scored with; null: `evaluation.metrics`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Vec<Metric>>,
    /// How the task writes; null: as `decoding` of the experiment says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decoding: Option<Decoding>,
    /// Losses beside the decoder's.
    #[serde(default)]
    pub losses: Losses,
}

/// Losses beside the decoder's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Losses {
    /// How much the loss of the encoder's alignment with the target counts (connectionist temporal
    /// classification, Graves et al. 2006); 0: none. 0.3 to 1 teaches reading lines and speech sooner.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub ctc: f64,
}

fn one() -> f64 {
    1.0
}

/// A medium and its options: `text: { field: en }`.
///
/// The options belong to the medium: its adapter gives their schema.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Side(BTreeMap<String, serde_json::Value>);

impl Side {
    /// A side of one medium.
    pub fn new(medium: &str, options: serde_json::Value) -> Self {
        Self(BTreeMap::from([(medium.to_owned(), options)]))
    }

    /// The medium's name; empty only before validation.
    pub fn medium(&self) -> &str {
        self.0.keys().next().map_or("", String::as_str)
    }

    /// The medium's options.
    pub fn options(&self) -> &serde_json::Value {
        self.0.values().next().unwrap_or(&serde_json::Value::Null)
    }
}

impl JsonSchema for Side {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Side".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        // The properties are put in by whoever knows the registry of media.
        schemars::json_schema!({ "type": "object", "minProperties": 1, "maxProperties": 1 })
    }
}
