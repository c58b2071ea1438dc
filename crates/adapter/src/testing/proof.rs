//! Proof, before a training, that an adapter keeps the promises that would cost the run.

use crate::testing::trial::{Trial, unlike, unloadable};
use crate::{Adapter, AdapterError, AnyMedium, AnySide, Value};

/// Number of values that are augmented and written: both may be slow.
const FEWER: usize = 2;

/// Tries the promises of an adapter on some opened values, as far as a training and its outputs depend on them: that
/// encoding and augmentation depend on nothing else, that tokens can be shown, and, of an adapter that is `written`,
/// that sequences become values and files again. Values that cannot be encoded are passed over.
///
/// With the medium of [`Medium`](crate::Medium)'s example:
///
/// ```
/// # mod notes { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/medium/notes.rs")); }
/// use any2any_adapter::testing::keeps_promises;
/// use any2any_adapter::{Kept, Registry};
/// use notes::Notes;
///
/// let registry = Registry::new().with(Notes);
/// let medium = registry.get("notes")?;
/// let side = medium.sound_side(&serde_json::json!({ "field": "melody" }), &Kept::default())?;
/// let melody = "c e g".into();
/// let adapter = side.fit(&mut std::iter::once(&melody))?;
/// keeps_promises(&**medium, &*adapter, &[&melody], true)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// When the adapter breaks promises, with all of them.
pub fn keeps_promises(
    medium: &dyn AnyMedium,
    adapter: &dyn Adapter,
    opened: &[&Value],
    written: bool,
) -> Result<(), AdapterError> {
    let sound = |value: &&&Value| adapter.encode(value).is_ok();
    let values: Vec<Value> = opened.iter().filter(sound).copied().cloned().collect();
    let fewer = &values[..values.len().min(FEWER)];
    let mut trial = Trial { medium, found: Vec::new() };
    let sequences = trial.encoding(adapter, &values);
    trial.showing(adapter);
    if trial.is_comparable() {
        trial.augmenting(adapter, fewer, 2);
    }
    if written {
        trial.writing(adapter, fewer, &sequences);
    }
    match &trial.found[..] {
        [] => Ok(()),
        found => Err(AdapterError::Contract { medium: medium.name().to_owned(), reason: found.join("; ") }),
    }
}

/// Saves an adapter into a folder of its own and loads it again; the loaded one must encode some opened values as the
/// saved one does. A training tries this before its first step: what a run cannot load is lost.
///
/// With the medium of [`Medium`](crate::Medium)'s example:
///
/// ```
/// # mod notes { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/medium/notes.rs")); }
/// use any2any_adapter::testing::saves_whole;
/// use any2any_adapter::{Kept, Registry};
/// use notes::Notes;
///
/// let registry = Registry::new().with(Notes);
/// let medium = registry.get("notes")?;
/// let side = medium.sound_side(&serde_json::json!({ "field": "melody" }), &Kept::default())?;
/// let melody = "c e g".into();
/// let adapter = side.fit(&mut std::iter::once(&melody))?;
/// saves_whole("notes", &*side, &*adapter, &[&melody])?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    adapter.save(folder.path())?;
    let loaded = side.load(folder.path()).map_err(|error| fault(unloadable(error, folder.path())))?;
    let values: Vec<Value> = opened.iter().copied().cloned().collect();
    let sequences: Vec<_> = values.iter().map(|value| adapter.encode(value).ok()).collect();
    match unlike(adapter, &*loaded, &values, &sequences) {
        Some(reason) => Err(fault(reason)),
        None => Ok(()),
    }
}
