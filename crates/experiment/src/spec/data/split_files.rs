//! The files of one split, in one of several formats.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problem::{Problem, pattern};
use super::{File, Records, Rows, Shards, WebDataset};
use crate::Pattern;

/// The files of one split, in one of several formats. Texts that are compressed by gzip or zstd are decompressed.
///
/// Where a file is named, a list of files or a pattern of names may stand: `shards/train-*.en.gz`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SplitFiles {
    /// Parallel texts: a file for each field, whose line N belongs to sample N. Of several files of each field, the Nth
    /// belong together.
    Parallel(#[schemars(extend("minProperties" = 1))] BTreeMap<String, Shards>),
    /// Tab-separated values; the first line names the fields unless `columns` does.
    Tsv(TableFile),
    /// Comma-separated values (RFC 4180), or values with another `delimiter`; the first line names the fields unless
    /// `columns` does.
    Csv(TableFile),
    /// JSON Lines: an object for each sample, whose strings, numbers and lists of whole numbers are the fields. A field
    /// of a nested object has a name with a dot: `translation.de`.
    JsonLines(Records),
    /// Parquet (the layout of data sets of Hugging Face): a row for each sample, whose texts, numbers, lists of whole
    /// numbers, sounds and pictures are the fields. A field inside another has a name with a dot: `translation.de`.
    Parquet(Records),
    /// Arrow IPC, as a file or as a stream (the cache of Hugging Face's `datasets`), read as Parquet is.
    Arrow(Records),
    /// Tar archives whose members of one name are one sample (the layout of `webdataset`).
    #[serde(rename = "webdataset")]
    WebDataset(WebDataset),
    /// IDX files of bytes (the format of MNIST), one for each field: pictures, or labels, which become texts.
    Idx(#[schemars(extend("minProperties" = 1))] BTreeMap<String, Shards>),
    /// FASTA files, one for each field, joined by the names of their records.
    Fasta(Fasta),
    /// The members of an archive, or the files of a folder: each is a sample, described by its name.
    Members(Members),
    /// Samples derived from the samples of other files: repeated, chosen, and given further fields.
    Rows(Box<Rows>),
}

/// A table: a file with all fields of a split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableFile {
    /// The file, or several.
    pub file: Shards,
    /// The names of the columns, for a file without a header line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// The separator of the columns of `csv`, one ASCII character: `";"`, `"|"`, `"\t"`; a comma if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<String>,
}

impl TableFile {
    /// The separator of the columns of `csv`; `None` if none is given, or an invalid one.
    pub fn delimiter(&self) -> Option<u8> {
        match self.delimiter.as_deref()?.as_bytes() {
            b"\\t" => Some(b'\t'),
            [b'"' | b'\n' | b'\r' | 0 | 128..] => None,
            [delimiter] => Some(*delimiter),
            _ => None,
        }
    }

    fn problems(&self, is_csv: bool) -> Vec<Problem> {
        let Some(delimiter) = &self.delimiter else { return Vec::new() };
        if !is_csv {
            let help = "take `delimiter` away, or write `csv` instead";
            return vec![Problem::new("/delimiter", "only `csv` has a delimiter", help)];
        }
        if self.delimiter().is_none() {
            let message = format!("`{}` cannot part columns", delimiter.escape_debug());
            let help = "write one ASCII character, such as `\";\"`, `\"|\"` or `\"\\t\"`";
            return vec![Problem::new("/delimiter", message, help)];
        }
        Vec::new()
    }
}

/// FASTA files, joined by the names of their records.
///
/// Records come in the order of the first file. The field `id` is their name, and a word `KEY=VALUE` of a header
/// becomes the field `KEY`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Fasta {
    /// The file of each field. Of several files of each field, the Nth belong together.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, Shards>,
    /// The archive (`.tar`, `.tar.gz`, `.tgz`, `.tar.zst` or `.zip`) that contains `members`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<File>")]
    pub archive: Option<PathBuf>,
    /// The member of the archive for each field.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub members: BTreeMap<String, String>,
}

/// Files that are samples themselves, each described by its name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Members {
    /// The archive (`.tar`, `.tar.gz`, `.tgz`, `.tar.zst` or `.zip`) that contains the files, or several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<Shards>,
    /// The folder that contains the files, at any depth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<File>")]
    pub folder: Option<PathBuf>,
    /// The pattern of the files' names: `recordings/{digit}_{speaker}_{index}.wav`. Every placeholder becomes a field,
    /// and stands for one or more characters other than `/`, as few as fit.
    #[schemars(length(min = 1))]
    pub names: String,
    /// The name of the field for the file itself.
    #[schemars(length(min = 1))]
    pub field: String,
}

impl SplitFiles {
    /// Problems beyond the types, with pointers that start at the files.
    pub fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        match self {
            Self::Tsv(table) => Problem::below(&mut found, "/tsv", table.problems(false)),
            Self::Csv(table) => Problem::below(&mut found, "/csv", table.problems(true)),
            Self::JsonLines(records) => Problem::below(&mut found, "/json_lines", records.problems()),
            Self::Parquet(records) => Problem::below(&mut found, "/parquet", records.problems()),
            Self::Arrow(records) => Problem::below(&mut found, "/arrow", records.problems()),
            Self::WebDataset(set) => Problem::below(&mut found, "/webdataset", set.problems()),
            Self::Fasta(fasta) => Problem::below(&mut found, "/fasta", fasta.problems()),
            Self::Members(members) => Problem::below(&mut found, "/members", members.problems()),
            Self::Rows(rows) => Problem::below(&mut found, "/rows", rows.problems()),
            _ => {}
        }
        found
    }

    /// The fields of the samples, as far as they are known without reading a file.
    pub fn fields(&self) -> Option<Vec<String>> {
        match self {
            Self::Parallel(files) | Self::Idx(files) => Some(files.keys().cloned().collect()),
            Self::Tsv(table) | Self::Csv(table) => (!table.columns.is_empty()).then(|| table.columns.clone()),
            Self::JsonLines(records) | Self::Parquet(records) | Self::Arrow(records) => {
                let fields =
                    || records.columns.list().into_iter().map(|(field, _)| field.to_owned()).collect();
                (!records.columns.is_empty()).then(fields)
            }
            Self::WebDataset(set) => Some(set.fields.keys().cloned().collect()),
            Self::Fasta(_) => None,
            Self::Members(members) => {
                let names = Pattern::parse(&members.names).ok()?;
                Some(
                    std::iter::once(members.field.as_str())
                        .chain(names.fields())
                        .map(str::to_owned)
                        .collect(),
                )
            }
            Self::Rows(rows) => rows.fields(),
        }
    }
}

impl Fasta {
    fn problems(&self) -> Vec<Problem> {
        let help = "give either `files`, or `archive` and its `members`";
        match (&self.archive, self.files.is_empty(), self.members.is_empty()) {
            (None, false, true) | (Some(_), true, false) => Vec::new(),
            (_, true, true) => vec![Problem::new("", "`fasta` names no file", help)],
            (_, false, _) => vec![Problem::new("/files", "`files` cannot stand beside an archive", help)],
            (None, true, false) => vec![Problem::new("/members", "`members` of no archive", help)],
        }
    }
}

impl Members {
    fn problems(&self) -> Vec<Problem> {
        let help = "give either `archive` or `folder`";
        let mut found = Vec::new();
        match (&self.archive, &self.folder) {
            (None, None) => {
                found.push(Problem::new("", "`members` of neither an archive nor a folder", help))
            }
            (Some(_), Some(_)) => {
                found.push(Problem::new("/folder", "`folder` cannot stand beside `archive`", help));
            }
            _ => {}
        }
        found.extend(pattern("/names", &self.names));
        if let Ok(names) = Pattern::parse(&self.names) {
            let mut fields = vec![self.field.as_str()];
            for field in names.fields() {
                if fields.contains(&field) {
                    let message = format!("two fields are called `{field}`");
                    found.push(Problem::new("/names", message, "give each its own name"));
                }
                fields.push(field);
            }
        }
        found
    }
}
