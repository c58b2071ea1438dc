//! Tasks, and the data they learn from.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    /// How often this task is drawn, relative to the others of the experiment.
    #[serde(default = "one")]
    #[schemars(range(min = 0.0))]
    pub weight: f64,
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

/// Where samples come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Data {
    /// A dataset that has a manifest: its name, or the path of a manifest, which ends in `.yaml`.
    Dataset(String),
    /// Files of one's own, split by split.
    Files(Files),
}

/// The files of each split.
///
/// Paths are relative to the folder of the experiment that names them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// What the model learns from.
    pub train: SplitFiles,
    /// What decides which checkpoint is best.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<SplitFiles>,
    /// What the finished model is scored on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<SplitFiles>,
}

/// The files of one split. Names that end in `.gz` are decompressed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SplitFiles {
    /// A file a field, a sample a line, line N of each belonging together.
    Parallel(
        #[schemars(with = "BTreeMap<String, File>", extend("minProperties" = 1))] BTreeMap<String, PathBuf>,
    ),
    /// Tab-separated values; the first line names the fields unless `columns` does.
    Tsv(TableFile),
    /// Comma-separated values (RFC 4180); the first line names the fields unless `columns` does.
    Csv(TableFile),
    /// JSON Lines: an object a line, its strings being the fields.
    JsonLines(TableFile),
}

/// A file that holds all fields of a split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableFile {
    /// The file.
    #[schemars(with = "File")]
    pub file: PathBuf,
    /// The names of the columns, for a file without a header line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
}

/// The schema of a file's path: `format: path` says that it starts at the folder of the experiment.
struct File;

impl JsonSchema for File {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "File".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "minLength": 1, "format": "path" })
    }
}
