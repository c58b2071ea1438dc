//! Manifest of a dataset: its description, the origin of its files, and its splits.
//!
//! ```yaml
//! name: tatoeba-mini
//! description: Short sentences.
//! licence: CC BY 2.0
//! files:
//!   - path: raw/train.en.gz
//!     urls: [https://example.org/train.en.gz]
//!     sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
//!     bytes: 1000
//! splits:
//!   train: { parallel: { en: raw/train.en.gz } }
//! ```
//!
//! All paths are relative to the folder of the set, which is the set's name inside the data root, or `folder`.
//!
//! A model that somebody trained is fetched in the same way: its manifest is of the kind `model`, has files and no splits,
//! and its folder is `models/NAME`, from which `any2any import NAME` takes it.

mod check;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use any2any_experiment::spec::{Shards, SplitFiles};
use any2any_synthetic::Generator;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::DataError;

/// Folder of the models in the data root.
pub(crate) const MODELS: &str = "models";

/// A dataset: its files, its splits, and what a person must know before using it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Manifest {
    /// The name, which is also the set's folder in the data root unless `folder` says otherwise.
    pub name: String,
    /// A dataset or a model.
    #[serde(default, skip_serializing_if = "ManifestKind::is_dataset")]
    pub kind: ManifestKind,
    /// The set's folder in the data root, when several sets are made of the same files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// Description of the set's contents.
    pub description: String,
    /// Licence of the set.
    pub licence: String,
    /// Reference to cite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub citation: Option<String>,
    /// Web page with more about the set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub homepage: Option<String>,
    /// Origin of files without urls, and how they were made: for a person who makes them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// The files of the set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<ManifestFile>,
    /// The splits, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub splits: BTreeMap<String, SplitFiles>,
    /// Splits that serve as train, validation and test; left out: the splits of these names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Roles>,
    /// Generator of the samples, instead of files and splits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generator: Option<Generator>,
}

/// What the files of a manifest are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ManifestKind {
    /// Samples in splits.
    #[default]
    Dataset,
    /// A model that somebody trained, which `any2any import` takes from its folder.
    Model,
}

impl ManifestKind {
    fn is_dataset(&self) -> bool {
        *self == Self::Dataset
    }
}

/// Splits that serve as train, validation and test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Roles {
    /// Split that a model learns from.
    pub train: String,
    /// Split that decides which checkpoint is best.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<String>,
    /// Split that a finished model is scored on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<String>,
}

/// One file of a dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ManifestFile {
    /// Path in the set's folder.
    pub path: PathBuf,
    /// Addresses of the file: the first that works is used. Without any, a person puts it in its place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
    /// SHA-256 of the file, in hexadecimal.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    pub sha256: String,
    /// Size of the file, in bytes.
    #[schemars(range(min = 1))]
    pub bytes: u64,
    /// Rules to unpack it, if it is an archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<Archive>,
}

/// Rules to unpack an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Archive {
    /// The format.
    pub format: ArchiveFormat,
    /// The folder that it is unpacked into, inside the set's folder. It holds nothing else: when it exists,
    /// the archive has been unpacked.
    pub into: PathBuf,
    /// The most bytes that its members may have together; 100 times the archive's size when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unpacked_bytes: Option<u64>,
}

/// The format of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ArchiveFormat {
    /// A tar archive.
    Tar,
    /// A tar archive compressed by gzip.
    TarGz,
    /// A zip archive.
    Zip,
}

impl Manifest {
    /// Reads a manifest from a file.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or does not describe a dataset.
    pub fn load(path: &Path) -> Result<Self, DataError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| DataError::Read { path: path.to_owned(), source })?;
        Self::parse(&path.display().to_string(), &text)
    }

    /// A manifest from its text; errors call it `place`.
    ///
    /// # Errors
    ///
    /// When the text does not describe a dataset.
    pub fn parse(place: &str, text: &str) -> Result<Self, DataError> {
        let wrong = |reason: String| DataError::Manifest { place: place.to_owned(), reason };
        let manifest: Self = serde_yaml::from_str(text).map_err(|error| wrong(error.to_string()))?;
        manifest.check().map_err(wrong)?;
        Ok(manifest)
    }

    /// The split of a role (`train`, `validation`, `test`), or else of a name.
    pub fn split(&self, role_or_name: &str) -> Option<(&str, &SplitFiles)> {
        let name = self.role(role_or_name).unwrap_or(role_or_name);
        self.splits.get_key_value(name).map(|(name, files)| (name.as_str(), files))
    }

    fn role(&self, role: &str) -> Option<&str> {
        let roles = self.roles.as_ref()?;
        match role {
            "train" => Some(&roles.train),
            "validation" => roles.validation.as_deref(),
            "test" => roles.test.as_deref(),
            _ => None,
        }
    }

    /// The set's folder in the data root.
    pub fn folder(&self) -> PathBuf {
        match self.kind {
            ManifestKind::Dataset => PathBuf::from(self.folder.as_ref().unwrap_or(&self.name)),
            ManifestKind::Model => Path::new(MODELS).join(&self.name),
        }
    }

    /// The role of a split of this name, if the manifest gives it one.
    pub(crate) fn role_of(&self, name: &str) -> Option<&'static str> {
        ["train", "validation", "test"].into_iter().find(|role| self.role(role) == Some(name))
    }

    /// Size of all downloads, in bytes.
    pub fn download_bytes(&self) -> u64 {
        self.files.iter().filter(|file| !file.urls.is_empty()).map(|file| file.bytes).sum()
    }
}

/// Kind of path that a split reads.
pub(crate) enum Reads<'a> {
    /// A file.
    File(&'a Path),
    /// Files below a folder.
    Folder(&'a Path),
    /// Files whose names have placeholders.
    Named(&'a Path),
}

/// The files that follow each other. A manifest has no patterns, since it has the checksum of every file.
fn shards(shards: &Shards) -> impl Iterator<Item = Reads<'_>> {
    shards.list().iter().map(|path| Reads::File(path))
}

/// The files that a split reads.
pub(crate) fn split_reads(files: &SplitFiles) -> Vec<Reads<'_>> {
    match files {
        SplitFiles::Parallel(fields) | SplitFiles::Idx(fields) => fields.values().flat_map(shards).collect(),
        SplitFiles::Tsv(table) | SplitFiles::Csv(table) => shards(&table.file).collect(),
        SplitFiles::JsonLines(records) | SplitFiles::Parquet(records) | SplitFiles::Arrow(records) => {
            shards(&records.file).collect()
        }
        SplitFiles::WebDataset(set) => shards(&set.shards).collect(),
        SplitFiles::Fasta(fasta) => {
            let archive = fasta.archive.iter().map(|path| Reads::File(path));
            fasta.files.values().flat_map(shards).chain(archive).collect()
        }
        SplitFiles::Members(members) => {
            let archive = members.archive.iter().flat_map(shards);
            archive.chain(members.folder.iter().map(|path| Reads::Folder(path))).collect()
        }
        SplitFiles::Rows(rows) => {
            let mut reads = split_reads(&rows.from);
            for file in rows.files.values() {
                reads.extend(file.file.iter().map(|path| Reads::Named(path)));
                reads.extend(file.archive.iter().map(|path| Reads::File(path)));
            }
            reads
        }
    }
}
