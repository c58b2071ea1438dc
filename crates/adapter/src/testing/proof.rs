//! Proof that an adapter can be saved and loaded again, as every run needs.

use crate::testing::attempt::attempt;
use crate::testing::conformance::unlike;
use crate::{Adapter, AdapterError, AnySide, Value};

/// Saves an adapter into a folder of its own and loads it again; the loaded one must encode some opened values as the
/// saved one does. A training tries this before its first step: what a run cannot load is lost.
///
/// # Errors
///
/// When the adapter cannot be saved or loaded, or the loaded one differs.
pub fn saves_whole(
    medium: &str,
    side: &dyn AnySide,
    adapter: &dyn Adapter,
    opened: &[&Value],
) -> Result<(), AdapterError> {
    let fault = |reason: String| AdapterError::Contract { medium: medium.to_owned(), reason };
    let folder = tempfile::tempdir().map_err(|error| AdapterError::File {
        path: std::env::temp_dir(),
        reason: format!("cannot hold a folder: {error}"),
    })?;
    let panicked = |method: &str, words: String| fault(format!("its `{method}` panics: {words}"));
    attempt(|| adapter.save(folder.path())).map_err(|words| panicked("save", words))??;
    let loaded = attempt(|| side.load(folder.path()))
        .map_err(|words| panicked("load", words))?
        .map_err(|error| fault(format!("what its `save` wrote cannot be loaded: {error}")))?;
    let values: Vec<Value> = opened.iter().map(|value| Value::clone(value)).collect();
    let sequences: Vec<_> = values.iter().map(|value| adapter.encode(value).ok()).collect();
    match unlike(adapter, &*loaded, &values, &sequences) {
        Some(reason) => Err(fault(reason)),
        None => Ok(()),
    }
}
