//! The data of a task: a dataset or files of one's own, and how their samples are split, paired, filtered, joined and limited.

mod filter;
mod options;
mod problem;
mod records;
mod rows;
mod script;
mod shards;
mod split_files;
mod web_dataset;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use filter::{Filter, LengthRange, LengthUnit};
pub use options::{Join, Limit, Pair, Shares, Split, Texts};
pub use problem::Problem;
pub use records::{Columns, Records};
pub use rows::{Cell, FilePart, PartOfFile, Rectangle, Rows, Words};
pub use script::{Script, Scripts};
pub use shards::Shards;
pub(crate) use shards::{is_pattern, is_there};
pub use split_files::{Fasta, Members, SplitFiles, TableFile};
pub use web_dataset::WebDataset;

/// The samples of a task, from a dataset or from files.
///
/// Either `dataset` or `files` is given. The other options take effect in this order: samples are divided into splits
/// (`split`), paired with those of another dataset (`pair`), left out by their texts (`filter`), joined to longer ones
/// (`join`), and cut down to a few (`limit`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Data {
    /// A dataset that has a manifest: its name, or the path of a manifest, which ends in `.yaml`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// Files of one's own, split by split.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<Files>,
    /// The division of samples into training, validation and test, if not as the dataset says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
    /// Adds to every sample the fields of a sample of another dataset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pair: Option<Pair>,
    /// Leaves out training samples by what their texts look like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<Filter>,
    /// Joins several samples that follow each other to longer ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join: Option<Join>,
    /// Limits the number of samples of each split, for a small run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
    /// The seed by which `pair`, `join` and `limit` draw samples; the seed of the experiment has no part in it.
    pub seed: u64,
    /// The place of the encoded training samples.
    #[serde(skip_serializing_if = "Store::is_default")]
    pub store: Store,
    /// The most training samples that vocabularies and other states of a medium are fitted to; of more, as many are drawn, and
    /// of values that are files no more than have 64 MiB together.
    #[schemars(range(min = 1))]
    #[serde(skip_serializing_if = "is_usual_fit")]
    pub fit_samples: usize,
}

/// The place of the encoded training samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Store {
    /// On the disk where the training files have more than 128 MiB, and can be read one sample after the other (parallel texts,
    /// TSV, JSON Lines, Parquet, Arrow, WebDataset, with none of `split`, `pair`, `join` and `limit`), or are files of which
    /// each is a value of its own: sounds, pictures. In memory otherwise.
    #[default]
    Auto,
    /// In memory.
    Memory,
    /// On the disk, in the cache: memory holds the lengths of the samples alone.
    Disk,
}

impl Store {
    #[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Samples that vocabularies are fitted to if nothing is said.
const FIT_SAMPLES: usize = 500_000;

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
fn is_usual_fit(samples: &usize) -> bool {
    *samples == FIT_SAMPLES
}

impl Default for Data {
    fn default() -> Self {
        let (store, fit_samples) = (Store::default(), FIT_SAMPLES);
        Self {
            dataset: None,
            files: None,
            split: None,
            pair: None,
            filter: None,
            join: None,
            limit: None,
            seed: 1,
            store,
            fit_samples,
        }
    }
}

impl Data {
    /// The data of a dataset, with no further option.
    pub fn dataset(name: impl Into<String>) -> Self {
        Self { dataset: Some(name.into()), ..Self::default() }
    }

    /// The data of files, with no further option.
    pub fn files(files: Files) -> Self {
        Self { files: Some(files), ..Self::default() }
    }

    /// True for neither a dataset nor files: a run that was imported needs none.
    pub fn is_none(&self) -> bool {
        self.dataset.is_none() && self.files.is_none()
    }

    /// True if it is certain, without a look at a dataset, that there is no validation split.
    pub fn lacks_validation(&self) -> bool {
        let split = self.split.as_ref();
        let has_share = split.and_then(|split| split.shares.as_ref()?.validation).is_some();
        let is_pooled = split.is_some_and(|split| !split.leave_out.is_empty());
        !has_share && (is_pooled || self.files.as_ref().is_some_and(|files| files.validation.is_none()))
    }

    /// Problems beyond the types, with pointers that start at the data.
    pub fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        match (&self.dataset, &self.files) {
            (None, None) => {
                let help = "add `dataset`: the name of a dataset (`any2any data list` shows them), \
                            or `files`: your own, split by split";
                found.push(Problem::new("", "`data` lacks `dataset` or `files`", help));
            }
            (Some(_), Some(_)) => {
                let help = "keep one of them; `dataset: null` or `files: null` takes away one that an \
                            extended experiment gives";
                found.push(Problem::new("/files", "`data` has both `dataset` and `files`", help));
            }
            (None, Some(files)) => {
                for (split, files) in files.splits() {
                    Problem::below(&mut found, &format!("/files/{split}"), files.problems());
                }
            }
            (Some(_), None) => {}
        }
        Problem::below(&mut found, "/split", self.split.iter().flat_map(Split::problems));
        Problem::below(&mut found, "/filter", self.filter.iter().flat_map(Filter::problems));
        Problem::below(&mut found, "/join", self.join.iter().flat_map(Join::problems));
        found
    }
}

/// The files of each split: training, and perhaps validation and test.
///
/// Paths are relative to the folder of the experiment that names them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// The training files.
    pub train: SplitFiles,
    /// The validation files, which decide on the best checkpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<SplitFiles>,
    /// The test files, on which the finished model is scored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<SplitFiles>,
}

impl Files {
    /// The splits that have files, by role.
    pub fn splits(&self) -> impl Iterator<Item = (&'static str, &SplitFiles)> {
        let Self { train, validation, test } = self;
        let others = [("validation", validation.as_ref()), ("test", test.as_ref())];
        let others = others.into_iter().filter_map(|(role, files)| Some((role, files?)));
        std::iter::once(("train", train)).chain(others)
    }
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
