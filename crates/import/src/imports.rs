//! Imports of models from elsewhere where a training starts from one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use any2any_adapter::{Importer, Registry};
use any2any_run::{Existing, RunFolder};
use tempfile::TempDir;

use crate::error::{ImportError, Result};
use crate::imported::{Imported, Options};

/// Runs of models from elsewhere, each made when it is first asked for and removed with this value.
#[derive(Default)]
pub struct Imports {
    /// The folder of each run, by that of its model.
    runs: Mutex<BTreeMap<PathBuf, TempDir>>,
}

impl Imports {
    fn run_of(&self, source: &Path, registry: &Registry) -> Result<PathBuf> {
        let key = source.canonicalize().map_err(ImportError::io(source))?;
        // One after the other: a model is large, and imported once.
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(run) = runs.get(&key) {
            return Ok(run.path().join(RUN));
        }
        let folder = TempDir::new().map_err(ImportError::io(std::env::temp_dir()))?;
        let run = folder.path().join(RUN);
        let imported = Imported::read(source, &Options::default(), registry)?;
        imported.write(&RunFolder::new(&run), Existing::Keep)?;
        runs.insert(key, folder);
        Ok(run)
    }
}

/// The run's folder in the temporary one.
const RUN: &str = "run";

impl Importer for Imports {
    fn import(&self, source: &Path, registry: &Registry) -> Option<std::result::Result<PathBuf, String>> {
        any2any_pretrained::recognises(source)
            .then(|| self.run_of(source, registry).map_err(|error| error.to_string()))
    }
}
