//! Tasks: translations from one medium into another, with their data.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Data, Decoding, Metric, Plugged, Prompt};

/// A task: a source medium, a target medium, and their data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Task {
    /// The data: a dataset or files.
    pub data: Data,
    /// The source: a medium with its options. A decoder-only model has no source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Side>,
    /// The target: a medium with its options.
    pub target: Side,
    /// Tokens in front of the task's sequences, such as the names of languages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<Prompt>,
    /// Marks a target with one token for every position of the source, as a label has: all tokens are then written at
    /// once, each from the encoder's output at its position.
    #[serde(default, alias = "aligned")]
    pub per_position: bool,
    /// The share of samples whose source is left out in training, drawn anew every epoch: the model also learns to
    /// write without a source, which [`Decoding::guidance`] needs. 0.1 is usual.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 0.9))]
    pub source_dropout: f64,
    /// The weight by which this task is drawn, relative to the others of the experiment.
    #[serde(default = "one")]
    #[schemars(range(min = 0.0))]
    pub weight: f64,
    /// Further references: fields of the dataset with other right outputs of the same samples, against which decoded
    /// texts are scored beside the target. Training does not read them, and a split that lacks one is scored without
    /// it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// The metrics of the task's outputs; null: `evaluation.metrics` for texts, and where it names a metric of the program's
    /// own for values of a medium's own kind; all of the medium for others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Vec<Metric>>,
    /// The decoding options of the task; null: `decoding` of the experiment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decoding: Option<Decoding>,
    /// Losses in addition to the decoder's.
    #[serde(default)]
    pub losses: Losses,
}

/// Losses in addition to the decoder's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, from = "BTreeMap<String, serde_json::Value>", into = "BTreeMap<String, serde_json::Value>")]
#[non_exhaustive]
pub struct Losses {
    /// The weight of the CTC loss; 0: none.
    pub ctc: f64,
    /// Losses of the program's own, in the order of their names.
    pub plugged: Vec<Plugged>,
}

/// Losses in addition to the decoder's.
// Those of the program's own are added where the registry of plug-ins is known.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct BuiltInLosses {
    /// The weight of the CTC loss, which aligns the encoder's output with the target (connectionist temporal
    /// classification, Graves et al. 2006); 0: none. 0.3 to 1 teaches reading lines and speech sooner.
    #[schemars(range(min = 0.0, max = 100.0))]
    ctc: f64,
}

impl JsonSchema for Losses {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Losses".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        BuiltInLosses::json_schema(generator)
    }
}

/// Name of the built-in loss.
const CTC: &str = "ctc";

impl From<BTreeMap<String, serde_json::Value>> for Losses {
    fn from(mut losses: BTreeMap<String, serde_json::Value>) -> Self {
        let ctc = losses.remove(CTC).and_then(|weight| weight.as_f64()).unwrap_or_default();
        Self { ctc, plugged: losses.into_iter().map(|(name, options)| Plugged::new(name, options)).collect() }
    }
}

impl From<Losses> for BTreeMap<String, serde_json::Value> {
    fn from(losses: Losses) -> Self {
        let plugged = losses.plugged.into_iter().map(|plugged| (plugged.name, plugged.options));
        std::iter::once((CTC.to_owned(), losses.ctc.into())).chain(plugged).collect()
    }
}

fn one() -> f64 {
    1.0
}

/// A side of a task, its medium with options: `text: { field: en }`.
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

    /// The medium's name; empty only before the checks.
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
        // The properties are added where the registry of media is known.
        schemars::json_schema!({ "type": "object", "minProperties": 1, "maxProperties": 1 })
    }
}
