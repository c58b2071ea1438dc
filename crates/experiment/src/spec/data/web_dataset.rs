//! WebDataset: tar archives whose members of one name are one sample.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Shards;
use super::problem::Problem;

/// Tar archives whose members of one name are one sample (the layout of `webdataset`).
///
/// Members that follow each other and have the same name up to the first dot of its last part are one sample; what
/// follows that dot tells them apart: `000017.wav` and `000017.txt`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct WebDataset {
    /// The archive (`.tar`, `.tar.gz`, `.tgz` or `.tar.zst`), or several.
    pub shards: Shards,
    /// The member of each field, by its extension: `{ audio: wav, text: txt }`. `json:caption` is a value inside
    /// `.json`, by its path. Members of `txt`, `text`, `transcript`, `cls` and similar are texts, others files; several
    /// extensions with `;` between them mean the first that is there: `jpg;png`.
    #[schemars(extend("minProperties" = 1))]
    pub fields: BTreeMap<String, String>,
}

impl WebDataset {
    /// The fields of some archives, each with the extension of its member.
    pub fn new(shards: impl Into<Shards>, fields: BTreeMap<String, String>) -> Self {
        Self { shards: shards.into(), fields }
    }

    pub(super) fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        for (field, extensions) in &self.fields {
            let pointer = crate::node::below("/fields", field);
            let is_wrong = |extension: &str| {
                let (extension, path) = extension.split_once(':').unwrap_or((extension, "x"));
                extension.trim_start_matches('.').is_empty() || extension.contains('/') || path.is_empty()
            };
            if extensions.split(';').any(is_wrong) {
                let message = format!("`{extensions}` is no extension of a member");
                let help = "write what follows the first dot of its name, such as `wav` or `seg.png`, or `json:caption`";
                found.push(Problem::new(pointer, message, help));
            }
        }
        found
    }
}
