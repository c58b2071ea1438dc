//! `any2any data cache`: what the cache holds, and its removal.

use any2any_adapter::grouped;
use any2any_data::cache::{Cache, Held};
use serde_json::{Value as Json, json};

use crate::output;

pub(super) fn run(cache: &Cache, clear: bool, as_json: bool) -> anyhow::Result<()> {
    if clear {
        let bytes = cache.clear()?;
        return match as_json {
            true => output::json(&json!({ "folder": cache.folder(), "removed_bytes": bytes })),
            false => output::line(format!("removed {} from {}", size(bytes), cache.folder().display())),
        };
    }
    let held = cache.held()?;
    let bytes: u64 = held.iter().map(|held| held.bytes).sum();
    if as_json {
        let entries: Vec<Json> = held.iter().map(described).collect();
        return output::json(&json!({ "folder": cache.folder(), "bytes": bytes, "entries": entries }));
    }
    for entry in &held {
        let whole = if entry.description.is_some() { "" } else { "  not whole" };
        let samples = samples(entry).map(|samples| format!("  {} samples", grouped(samples)));
        output::line(format!(
            "{:>10}  {}{}{whole}  {}",
            size(entry.bytes),
            entry.kind,
            samples.unwrap_or_default(),
            entry.folder.display()
        ))?;
    }
    output::line(format!("{:>10}  in {}", size(bytes), cache.folder().display()))
}

fn samples(held: &Held) -> Option<usize> {
    held.description.as_ref()?.get("records")?.as_u64().map(|samples| samples as usize)
}

fn described(held: &Held) -> Json {
    let made_from = held.description.as_ref().and_then(|description| description.pointer("/of/made_from"));
    json!({
        "kind": held.kind,
        "folder": held.folder,
        "bytes": held.bytes,
        "whole": held.description.is_some(),
        "samples": samples(held),
        "made_from": made_from,
    })
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.2} GB", bytes as f64 / 1e9),
    }
}
