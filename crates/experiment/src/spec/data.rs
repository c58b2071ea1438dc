//! The data that a task learns from.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
