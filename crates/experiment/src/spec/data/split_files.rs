//! The files of one split, in one of several formats.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problem::{Problem, pattern};
use super::{File, Rows};
use crate::Pattern;

/// The files of one split, in one of several formats. Texts that are compressed by gzip are decompressed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SplitFiles {
    /// Parallel texts: a file for each field, whose line N belongs to sample N.
    Parallel(
        #[schemars(with = "BTreeMap<String, File>", extend("minProperties" = 1))] BTreeMap<String, PathBuf>,
    ),
    /// Tab-separated values; the first line names the fields unless `columns` does.
    Tsv(TableFile),
    /// Comma-separated values (RFC 4180), or values with another `delimiter`; the first line names the fields unless
    /// `columns` does.
    Csv(TableFile),
    /// JSON Lines: an object for each sample, whose strings, numbers and lists of whole numbers are the fields. A field
    /// of a nested object has a name with a dot: `translation.de`.
    JsonLines(TableFile),
    /// IDX files of bytes (the format of MNIST), one for each field: pictures, or labels, which become texts.
    Idx(#[schemars(with = "BTreeMap<String, File>", extend("minProperties" = 1))] BTreeMap<String, PathBuf>),
    /// FASTA files, one for each field, joined by the names of their records.
    Fasta(Fasta),
    /// The members of an archive, or the files of a folder: each is a sample, described by its name.
    Members(Members),
    /// Samples derived from the samples of other files: repeated, chosen, and given further fields.
    Rows(Box<Rows>),
}

/// A table: one file with all fields of a split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableFile {
    /// The file.
    #[schemars(with = "File")]
    pub file: PathBuf,
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
    /// The file of each field.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, File>")]
    pub files: BTreeMap<String, PathBuf>,
    /// The archive (`.tar`, `.tar.gz`, `.tgz` or `.zip`) that contains `members`.
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
    /// The archive (`.tar`, `.tar.gz`, `.tgz` or `.zip`) that contains the files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<File>")]
    pub archive: Option<PathBuf>,
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
            Self::JsonLines(table) => Problem::below(&mut found, "/json_lines", table.problems(false)),
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
            Self::JsonLines(_) | Self::Fasta(_) => None,
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
