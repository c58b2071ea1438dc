//! Models that were trained elsewhere, as runs.

use std::path::{Path, PathBuf};

use crate::Registry;

/// Importer of models that were trained elsewhere, which trainings can then start from.
///
/// ```
/// use std::path::{Path, PathBuf};
///
/// use any2any_adapter::{Importer, Registry};
///
/// /// Reads the models of another program.
/// struct Theirs;
///
/// impl Importer for Theirs {
///     fn import(&self, source: &Path, _registry: &Registry) -> Option<Result<PathBuf, String>> {
///         let is_theirs = source.extension().is_some_and(|extension| extension == "theirs");
///         is_theirs.then(|| Err("it is of a version that is not known".to_owned()))
///     }
/// }
///
/// let registry = Registry::new().importing(Theirs);
/// assert!(registry.import(Path::new("model.theirs")).is_some_and(|run| run.is_err()));
/// assert!(registry.import(Path::new("model.ours")).is_none());
/// ```
pub trait Importer: Send + Sync + 'static {
    /// The folder of the run that a model's folder or file becomes, which stays as long as the importer; `None` if there is
    /// no model that is known.
    ///
    /// # Errors
    ///
    /// The reason why no run can be made of it.
    fn import(&self, source: &Path, registry: &Registry) -> Option<Result<PathBuf, String>>;
}
