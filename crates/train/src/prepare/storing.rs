//! Training splits on the disk: which are kept there, and what a former preparation left.

use any2any_adapter::Registry;
use any2any_data::cache::{Cache, Entry, Key};
use any2any_data::{Dataset, Streamed};
use any2any_experiment::Document;
use any2any_experiment::spec::Store;
use any2any_run::{AdapterSet, Groups, RunError};
use any2any_translate::IN_MEMORY;
use serde_json::json;

use super::opening::{OpenedTask, Train};

/// The kind of entry of fitted adapters in a cache.
const ADAPTERS: &str = "adapters";

/// The training samples of a dataset, if they are kept on the disk. Those that cannot be read are not: the usual way tells what
/// is wrong with them.
pub(crate) fn stored(dataset: &Dataset, store: Store) -> Option<Streamed> {
    let must = match store {
        Store::Disk => true,
        Store::Auto => false,
        _ => return None,
    };
    if !dataset.has_split("train") {
        return None;
    }
    let found = match dataset.streamed("train") {
        None if must || dataset.names_files() => dataset.streamed_rows("train").ok(),
        found => found,
    };
    found.filter(|found| must || found.size().is_ok_and(|bytes| bytes > IN_MEMORY))
}

/// The place of fitted adapters in a cache; `None` where a task's training split is not on the disk, or the model starts
/// from another run.
pub(super) fn entry_of_adapters(
    document: &Document,
    groups: &Groups,
    opened: &[OpenedTask],
    cache: &Cache,
) -> Result<Option<Entry>, RunError> {
    let experiment = &document.experiment;
    if experiment.model.start.from.is_some() {
        return Ok(None);
    }
    let mut tasks = Vec::new();
    for (task, opened) in groups.tasks().iter().zip(opened) {
        let Train::Disk(streamed, _) = &opened.train else { return Ok(None) };
        let sides = task.source.iter().chain([&task.target]);
        let sides = sides.map(|side| {
            json!({ "medium": side.medium.name(), "options": side.with_options.options(), "fields": side.fields })
        });
        tasks.push(json!({
            "name": task.name,
            "files": streamed.made_from(cache)?,
            "sides": sides.collect::<Vec<_>>(),
            "prompt": experiment.tasks[&task.name].prompt,
            "fit_samples": experiment.tasks[&task.name].data.fit_samples,
        }));
    }
    let made_from = json!({ "tasks": tasks, "seed": experiment.seed });
    Ok(Some(cache.entry(ADAPTERS, &Key::of(&made_from))))
}

/// The adapters that a former preparation has left; `None` if there are none, or they cannot be read.
pub(super) fn fitted_before(entry: &Entry, document: &Document, registry: &Registry) -> Option<AdapterSet> {
    let description = entry.description()?;
    let digest = description.pointer("/of/digest")?.as_str()?;
    let loaded = AdapterSet::load(&document.experiment, registry, &entry.folder().join(ADAPTERS)).ok()?;
    loaded.digest().is_ok_and(|found| found == digest).then_some(loaded)
}

/// Keeps fitted adapters for later preparations.
pub(super) fn keep(adapters: &AdapterSet, entry: &Entry) -> Result<(), RunError> {
    let lock = entry.lock(|| ())?;
    if entry.description().is_some() {
        // Another process kept the same ones, or those that lie there cannot be read.
        entry.remove()?;
    }
    let unfinished = entry.unfinished();
    if unfinished.exists() {
        std::fs::remove_dir_all(&unfinished).map_err(RunError::io(&unfinished))?;
    }
    adapters.save(&unfinished.join(ADAPTERS))?;
    let names: Vec<&str> = adapters.named().map(|(name, _)| name).collect();
    entry.finish(&json!({ "of": { "adapters": names, "digest": adapters.digest()? } }), &lock)?;
    Ok(())
}
