//! A dataset that is ready to be read: found in the data root, generated, or a person's own files.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use any2any_experiment::spec;

use crate::toy::{Corpus, ToyEnDe};
use crate::{Catalog, DataError, DataRoot, Generator, Manifest, Samples, reader};

/// The roles that a split can have.
const ROLES: [&str; 3] = ["train", "validation", "test"];

/// A dataset that is ready to be read.
#[derive(Debug)]
pub struct Dataset {
    name: String,
    manifest: Option<Manifest>,
    source: Source,
}

#[derive(Debug)]
enum Source {
    /// The files of the manifest, in this folder.
    Folder(PathBuf),
    /// Files that the experiment names.
    Files(spec::Files),
    /// Sentences that are generated when the first split is asked for.
    Toy { generator: ToyEnDe, corpus: OnceLock<Corpus> },
}

/// Finds the data of a task. Nothing is read yet, and nothing is downloaded.
///
/// A dataset is looked up among the manifests that ship with the program, then as the path of a manifest.
///
/// # Errors
///
/// When the dataset is not known, or not in the data root: the error then says where it was looked for and
/// how to get it.
pub fn open(data: &spec::Data, root: &DataRoot) -> Result<Dataset, DataError> {
    match data {
        spec::Data::Dataset(name) => Dataset::from_manifest(Catalog::shipped()?.find(name)?, root, name),
        spec::Data::Files(files) => {
            Ok(Dataset { name: "files".to_owned(), manifest: None, source: Source::Files(files.clone()) })
        }
    }
}

impl Dataset {
    /// The dataset of a manifest; `asked` is how the person called it.
    pub(crate) fn from_manifest(manifest: Manifest, root: &DataRoot, asked: &str) -> Result<Self, DataError> {
        let source = match &manifest.generator {
            Some(Generator::ToyEnDe(generator)) => {
                Source::Toy { generator: generator.clone(), corpus: OnceLock::new() }
            }
            None => {
                root.require(&manifest, asked)?;
                Source::Folder(root.set_folder(&manifest))
            }
        };
        Ok(Self { name: manifest.name.clone(), manifest: Some(manifest), source })
    }

    /// The dataset's name; `files` for a person's own.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The manifest; a person's own files have none.
    pub fn manifest(&self) -> Option<&Manifest> {
        self.manifest.as_ref()
    }

    /// The names of all splits.
    pub fn splits(&self) -> Vec<String> {
        match (&self.source, &self.manifest) {
            (Source::Files(files), _) => {
                let there = [true, files.validation.is_some(), files.test.is_some()];
                ROLES
                    .iter()
                    .zip(there)
                    .filter(|(_, there)| *there)
                    .map(|(role, _)| (*role).to_owned())
                    .collect()
            }
            (Source::Toy { .. }, _) => ROLES.map(str::to_owned).to_vec(),
            (Source::Folder(_), manifest) => {
                manifest.iter().flat_map(|manifest| manifest.splits.keys().cloned()).collect()
            }
        }
    }

    /// Whether there is a split of this role or name.
    pub fn has_split(&self, role_or_name: &str) -> bool {
        match (&self.source, &self.manifest) {
            (Source::Folder(_), Some(manifest)) => manifest.split(role_or_name).is_some(),
            _ => self.splits().iter().any(|split| split == role_or_name),
        }
    }

    /// Reads the split of a role (`train`, `validation`, `test`), or else of a name.
    ///
    /// # Errors
    ///
    /// When there is no such split, or its files cannot be read.
    pub fn split(&self, role_or_name: &str) -> Result<Samples, DataError> {
        let unknown = || DataError::Split {
            dataset: self.name.clone(),
            split: role_or_name.to_owned(),
            known: self.known_splits(),
        };
        match &self.source {
            Source::Folder(folder) => {
                let manifest = self.manifest.as_ref().ok_or_else(unknown)?;
                let (_, files) = manifest.split(role_or_name).ok_or_else(unknown)?;
                reader::read(files, folder)
            }
            Source::Files(files) => {
                let files = match role_or_name {
                    "train" => Some(&files.train),
                    "validation" => files.validation.as_ref(),
                    "test" => files.test.as_ref(),
                    _ => None,
                };
                reader::read(files.ok_or_else(unknown)?, Path::new(""))
            }
            Source::Toy { generator, corpus } => {
                let corpus = match corpus.get() {
                    Some(corpus) => corpus,
                    None => {
                        let generated = generator.generate()?;
                        corpus.get_or_init(|| generated)
                    }
                };
                corpus.split(role_or_name).ok_or_else(unknown)
            }
        }
    }

    /// Every word that [`split`](Self::split) takes.
    fn known_splits(&self) -> Vec<String> {
        let mut known: Vec<String> =
            ROLES.iter().filter(|role| self.has_split(role)).map(|role| (*role).to_owned()).collect();
        for split in self.splits() {
            if !known.contains(&split) {
                known.push(split);
            }
        }
        known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dataset_that_is_not_there_says_how_to_get_it() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = DataRoot::at(folder.path());
        let error =
            open(&spec::Data::Dataset("multi30k".into()), &root).expect_err("an empty root").to_string();
        assert!(error.contains(&folder.path().join("multi30k").display().to_string()), "{error}");
        assert!(error.contains("raw/train.cs.gz is missing; run `any2any data get multi30k`"), "{error}");
    }

    #[test]
    fn own_files_are_read_by_role() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("train.tsv");
        std::fs::write(&path, "en\tde\none\teins\n").expect("written");
        let train = spec::SplitFiles::Tsv(spec::TableFile { file: path, columns: Vec::new() });
        let files = spec::Files { train, validation: None, test: None };
        let dataset = open(&spec::Data::Files(files), &DataRoot::at("unused")).expect("opened");
        assert_eq!(dataset.splits(), ["train"]);
        assert_eq!(dataset.split("train").expect("read").len(), 1);
        let error = dataset.split("test").expect_err("no such split").to_string();
        assert_eq!(error, "dataset 'files' has no split 'test': known: train");
        assert!(dataset.manifest().is_none() && !dataset.has_split("test"));
    }

    #[test]
    fn a_generated_set_needs_no_root() {
        let root = DataRoot::at("does/not/exist");
        let dataset = open(&spec::Data::Dataset("toy-en-de".into()), &root).expect("opened");
        assert_eq!(dataset.splits(), ROLES);
        let test = dataset.split("test").expect("generated");
        assert_eq!((test.len(), test.fields().collect::<Vec<_>>()), (1000, vec!["en", "de"]));
        assert!(
            dataset.split("tset").expect_err("no such split").to_string().contains("did you mean 'test'?")
        );
    }

    #[test]
    fn multi30k_is_read_where_it_lies() {
        let Some(folder) = std::env::var_os("ANY2ANY_DATA") else {
            println!("skipped: ANY2ANY_DATA does not name a data root with multi30k");
            return;
        };
        let root = DataRoot::at(folder);
        let dataset =
            open(&spec::Data::Dataset("multi30k".into()), &root).expect("multi30k is in ANY2ANY_DATA");
        root.verify(dataset.manifest().expect("it has one")).expect("checksums hold");
        for (role, samples) in [("train", 29_000), ("validation", 1014), ("test", 1000), ("val", 1014)] {
            let split = dataset.split(role).expect("read");
            assert_eq!(split.len(), samples);
            assert_eq!(split.fields().collect::<Vec<_>>(), ["cs", "de", "en", "fr"]);
        }
    }
}
