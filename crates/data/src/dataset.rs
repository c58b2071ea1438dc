//! A dataset that is ready to be read: found in the data root, generated, or a person's own files, with the samples
//! that the experiment makes of it.
//!
//! A split is read, divided anew ([`division`]), paired with another dataset ([`pair`]), filtered if it is for training
//! ([`Filter`]), joined to longer samples ([`join`]), and limited, in this order.

mod division;
mod join;
mod pair;
mod source;
mod stream;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use any2any_adapter::Seed;
use any2any_experiment::spec;

use crate::filter::Filter;
use crate::manifest::ManifestKind;
use crate::{Catalog, DataError, DataRoot, Manifest, Samples};
use division::Division;
use source::Source;
pub use stream::Streamed;

/// The roles that a split can have.
pub(crate) const ROLES: [&str; 3] = ["train", "validation", "test"];

/// A dataset that is ready to be read.
#[derive(Debug)]
pub struct Dataset {
    source: Source,
    /// The experiment's options, which divide, pair, filter, join and limit the samples.
    options: spec::Data,
    /// The dataset that samples are paired with.
    partner: Option<Box<Dataset>>,
    division: OnceLock<Division>,
    /// The filters of the training split; none before the task is known.
    filter: Option<Arc<Filter>>,
}

/// Opens the data of a task. Nothing is read yet, and nothing is downloaded.
///
/// A dataset is looked up among the manifests that ship with the program, then as the path of a manifest.
///
/// # Errors
///
/// When the dataset is not known, or not in the data root: the error then names the places that were searched, and
/// the command that gets it.
pub fn open(data: &spec::Data, root: &DataRoot) -> Result<Dataset, DataError> {
    let source = match (&data.dataset, &data.files) {
        (Some(name), None) => Source::of_manifest(find(name, root)?, root, name)?,
        (None, Some(files)) => Source::of_files(files, root)?,
        _ => return Err(DataError::NoData),
    };
    if let Some(problem) = data.problems().first() {
        return Err(DataError::Option {
            dataset: source.name().to_owned(),
            option: problem.pointer.trim_start_matches('/').replace('/', "."),
            reason: format!("{}: {}", problem.message, problem.help),
        });
    }
    let mut dataset = Dataset::new(source, data.clone());
    if let Some(pair) = &data.pair {
        let name = &pair.dataset;
        let partner = Source::of_manifest(find(name, root)?, root, name)?;
        dataset.partner = Some(Box::new(pair::partner(&dataset, partner)));
    }
    Ok(dataset)
}

/// The manifest of a name, or at a path that may be read.
fn find(name: &str, root: &DataRoot) -> Result<Manifest, DataError> {
    let catalog = Catalog::shipped()?;
    let is_shipped = catalog.manifests().iter().any(|manifest| manifest.name == name);
    if let (false, Some(reach)) = (is_shipped, root.reach()) {
        reach.require(Path::new(name))?;
    }
    let datasets = |known: Vec<String>| -> Vec<String> {
        let is_data = |name: &String| {
            catalog.manifests().iter().any(|known| known.name == *name && known.kind != ManifestKind::Model)
        };
        known.into_iter().filter(is_data).collect()
    };
    catalog.find(name).map_err(|error| match error {
        DataError::Dataset { name, known } => DataError::Dataset { name, known: datasets(known) },
        other => other,
    })
}

impl Dataset {
    fn new(source: Source, options: spec::Data) -> Self {
        Self { source, options, partner: None, division: OnceLock::new(), filter: None }
    }

    /// The dataset for a task of whose sides, the source first, these are the fields that are texts; none of a side that is
    /// something else. Filters compare them.
    pub fn for_texts(mut self, sides: Vec<Option<String>>) -> Self {
        self.filter = self.options.filter.as_ref().map(|options| Arc::new(Filter::new(options, sides)));
        self
    }

    /// The filters of a split of this name.
    fn filter(&self, split: &str) -> Result<Option<&Arc<Filter>>, DataError> {
        if split != "train" || self.options.filter.is_none() {
            return Ok(None);
        }
        let unknown = || self.wrong("filter", "the texts of the task are not known here".to_owned());
        self.filter.as_ref().ok_or_else(unknown).map(Some)
    }

    /// The dataset's name; `files` for a person's own.
    pub fn name(&self) -> &str {
        self.source.name()
    }

    /// The manifest; a person's own files have none.
    pub fn manifest(&self) -> Option<&Manifest> {
        self.source.manifest()
    }

    /// The names of all splits. When the experiment divides the samples anew, its splits come first, under
    /// the names of their roles.
    pub fn splits(&self) -> Vec<String> {
        let Some(split) = &self.options.split else {
            return self.source.splits();
        };
        let mut splits: Vec<String> =
            ROLES.into_iter().filter(|role| self.has_role(split, role)).map(str::to_owned).collect();
        splits.extend(self.source.splits().into_iter().filter(|name| self.role_of(name).is_none()));
        splits
    }

    /// True if there is a split of this role or name.
    pub fn has_split(&self, role_or_name: &str) -> bool {
        match (&self.options.split, self.role_of(role_or_name)) {
            (Some(split), Some(role)) => self.has_role(split, role),
            _ => self.source.has_split(role_or_name),
        }
    }

    /// Reads the split of a role (`train`, `validation`, `test`), or else of a name, and applies the experiment's
    /// options to it. The same options and files give the same samples.
    ///
    /// # Errors
    ///
    /// When there is no such split, its files cannot be read, or the options do not fit the samples.
    pub fn split(&self, role_or_name: &str) -> Result<Samples, DataError> {
        let role = self.role_of(role_or_name);
        // A name draws as its role does.
        let name = role.unwrap_or(role_or_name);
        let mut samples = match (&self.options.split, role) {
            (Some(split), Some(role)) => self.divided(split, role)?,
            _ => self.source.read(role_or_name)?.ok_or_else(|| self.unknown_split(role_or_name))?,
        };
        if self.options.pair.is_some() || self.options.join.is_some() {
            samples = samples.settled()?;
        }
        let mut flaws = samples.flaws().clone();
        if let (Some(pair), Some(partner)) = (&self.options.pair, &self.partner) {
            samples = pair::pair(self, pair, partner, samples, name)?;
        }
        if let Some(filter) = self.filter(name)? {
            samples = filter.apply(samples, self.name())?;
            flaws.filtered = samples.flaws().filtered.clone();
        }
        if let Some(join) = &self.options.join {
            samples = join::join(self, join, samples, name)?;
        }
        samples = samples.with_flaws(flaws);
        match self.limit(name) {
            Some(limit) if limit < samples.len() => {
                Ok(samples.select(&self.drawn(limit, samples.len(), name)))
            }
            _ => Ok(samples),
        }
    }

    /// The texts that a field has, each once and sorted, over the splits of all roles: the subjects to leave
    /// out in turn, for instance.
    ///
    /// # Errors
    ///
    /// When a split cannot be read, or the field is not there or holds no texts.
    pub fn values(&self, field: &str) -> Result<Vec<String>, DataError> {
        let mut values = BTreeSet::new();
        for role in ROLES {
            if let Some(samples) = self.source.read(role)? {
                values.extend(samples.texts(field)?.into_iter().map(str::to_owned));
            }
        }
        Ok(values.into_iter().collect())
    }

    /// The most samples of a split, by its role.
    fn limit(&self, role: &str) -> Option<usize> {
        let limit = self.options.limit.as_ref()?;
        match role {
            "train" => limit.train,
            "validation" => limit.validation,
            "test" => limit.test,
            _ => None,
        }
    }

    /// The random generator of an option for a split.
    fn random(&self, option: &str, split: &str) -> any2any_adapter::Random {
        Seed(self.options.seed).random(&format!("data {option} {split}"), 0)
    }

    /// Draws so many of all samples, in their order.
    fn drawn(&self, number: usize, all: usize, split: &str) -> Vec<usize> {
        let mut samples: Vec<usize> = (0..all).collect();
        self.random("limit", split).shuffle(&mut samples);
        samples.truncate(number);
        samples.sort_unstable();
        samples
    }

    /// The role of a split, named by itself or by the dataset's name for it.
    fn role_of(&self, role_or_name: &str) -> Option<&'static str> {
        let direct = ROLES.into_iter().find(|role| *role == role_or_name);
        direct.or_else(|| self.manifest()?.role_of(role_or_name))
    }

    fn wrong(&self, option: &str, reason: String) -> DataError {
        DataError::Option { dataset: self.name().to_owned(), option: option.to_owned(), reason }
    }

    fn unknown_split(&self, split: &str) -> DataError {
        let (dataset, split) = (self.name().to_owned(), split.to_owned());
        DataError::Split { dataset, split, known: self.known_splits() }
    }

    /// Every name that [`split`](Self::split) accepts.
    fn known_splits(&self) -> Vec<String> {
        let mut known: Vec<String> =
            ROLES.into_iter().filter(|role| self.has_split(role)).map(str::to_owned).collect();
        for split in self.splits() {
            if !known.contains(&split) {
                known.push(split);
            }
        }
        known
    }
}
