//! Source of a dataset's splits: the folder of a manifest, a person's own files, or a generator.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use any2any_experiment::spec;

use super::ROLES;
use crate::reader::{self, Archives};
use crate::{DataError, DataRoot, Flaws, Generator, Manifest, Samples};

/// Source of a dataset's splits.
#[derive(Debug)]
pub(super) enum Source {
    /// The files of the manifest, in this folder.
    Folder { manifest: Box<Manifest>, folder: PathBuf, archives: Archives },
    /// Files that the experiment names.
    Files { files: Box<spec::Files>, archives: Archives },
    /// Samples that are generated, in the order of the roles, when the first split is asked for.
    Generated { manifest: Box<Manifest>, generator: Generator, splits: Box<OnceLock<[Samples; 3]>> },
}

impl Source {
    /// The source of a manifest; `asked` is how the person called it.
    pub(super) fn of_manifest(manifest: Manifest, root: &DataRoot, asked: &str) -> Result<Self, DataError> {
        Ok(match &manifest.generator {
            Some(generator) => {
                let generator = generator.clone();
                Self::Generated { manifest: Box::new(manifest), generator, splits: Box::default() }
            }
            None => {
                root.require(&manifest, asked)?;
                let folder = root.set_folder(&manifest);
                Self::Folder { manifest: Box::new(manifest), folder, archives: Archives::default() }
            }
        })
    }

    /// The source of a person's own files.
    pub(super) fn of_files(files: &spec::Files, root: &DataRoot) -> Result<Self, DataError> {
        let archives = Archives::within(root.reach());
        for (_, split) in files.splits() {
            reader::require(split, Path::new(""), &archives)?;
        }
        Ok(Self::Files { files: Box::new(files.clone()), archives })
    }

    pub(super) fn name(&self) -> &str {
        self.manifest().map_or("files", |manifest| &manifest.name)
    }

    pub(super) fn manifest(&self) -> Option<&Manifest> {
        match self {
            Self::Folder { manifest, .. } | Self::Generated { manifest, .. } => Some(manifest),
            Self::Files { .. } => None,
        }
    }

    /// The names of all splits.
    pub(super) fn splits(&self) -> Vec<String> {
        match self {
            Self::Files { files, .. } => files.splits().map(|(role, _)| role.to_owned()).collect(),
            Self::Generated { .. } => ROLES.map(str::to_owned).to_vec(),
            Self::Folder { manifest, .. } => manifest.splits.keys().cloned().collect(),
        }
    }

    /// True if there is a split of this role or name.
    pub(super) fn has_split(&self, role_or_name: &str) -> bool {
        match self {
            Self::Folder { manifest, .. } => manifest.split(role_or_name).is_some(),
            _ => self.splits().iter().any(|split| split == role_or_name),
        }
    }

    /// True if samples of some split have files as values.
    pub(super) fn names_files(&self) -> bool {
        match self {
            Self::Folder { manifest, .. } => manifest.splits.values().any(reader::names_files),
            Self::Files { files, .. } => files.splits().any(|(_, files)| reader::names_files(files)),
            Self::Generated { .. } => false,
        }
    }

    /// Reads the split of a role, or else of a name; `None` when there is none.
    pub(super) fn read(&self, role_or_name: &str) -> Result<Option<Samples>, DataError> {
        match self {
            Self::Folder { manifest, folder, archives } => {
                let files = manifest.split(role_or_name).map(|(_, files)| files);
                let read = |files| reader::read_sound(files, folder, archives);
                // The author of the manifest knows which other files lie there.
                let without = |samples: Samples| {
                    let flaws = Flaws { passed_over: Vec::new(), ..samples.flaws().clone() };
                    samples.with_flaws(flaws)
                };
                Ok(files.map(read).transpose()?.map(without))
            }
            Self::Files { files, archives } => {
                let files = files.splits().find(|(role, _)| *role == role_or_name).map(|(_, files)| files);
                files.map(|files| reader::read_sound(files, Path::new(""), archives)).transpose()
            }
            Self::Generated { generator, splits, .. } => {
                let splits = match splits.get() {
                    Some(splits) => splits,
                    None => {
                        let generated = generator
                            .generate()
                            .map_err(DataError::Generator)?
                            .map(|columns| Samples::new(columns).unwrap_or_default());
                        splits.get_or_init(|| generated)
                    }
                };
                let split = ROLES.iter().position(|role| *role == role_or_name);
                Ok(split.map(|split| splits[split].clone()))
            }
        }
    }
}
