//! Options of the medium of tokens, as an experiment writes them.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Largest vocabulary, in ids.
pub(super) const MOST_IDS: usize = 1 << 22;

/// The options of the medium of tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TokensOptions {
    /// The field of the dataset that holds the ids.
    #[schemars(length(min = 1))]
    pub field: String,
    /// Number of ids, which go from 0; left out: one more than the largest of the training split. Ids beyond are refused.
    #[serde(default)]
    #[schemars(range(min = 1, max = 4_194_304))]
    pub vocab: Option<usize>,
    /// Shares one vocabulary, and with it one embedding, among all sides that say so and are alike but for `field`.
    #[serde(default)]
    pub shared: bool,
    /// Text file with the name of an id on each line, that of id 0 first, for displays. The run keeps a copy of it.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    pub names: Option<PathBuf>,
    /// Form of the file that ids are written to.
    #[serde(default)]
    pub output: Form,
}

/// Form of the file that ids are written to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Form {
    /// A text of one line: ids with spaces between them.
    #[default]
    Line,
    /// An NPY file of one dimension, of 64-bit integers.
    Npy,
}
