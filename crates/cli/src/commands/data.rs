//! `any2any data list`, `any2any data get`, `any2any data cache`, `any2any data generate`, `any2any data events` and `any2any data look`.

mod cache;
mod generate;
mod look;

use std::path::PathBuf;

use any2any_adapter::{Event, File, Registry};
use any2any_data::{Catalog, DataRoot, Manifest, ManifestKind, Presence, download};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::arguments::{DataArguments, DataCommand};
use crate::output;

pub(crate) fn run(arguments: DataArguments, registry: &Registry) -> anyhow::Result<()> {
    match arguments.command {
        DataCommand::Look(arguments) => look::run(&arguments, registry),
        DataCommand::Events { files } => events(&files, registry),
        DataCommand::Cache { root, clear, json } => cache::run(&root.find()?.cache()?, clear, json),
        DataCommand::Generate { corpus } => generate::run(corpus),
        DataCommand::List { root, json } => list(&root.find()?, json),
        DataCommand::Get { name, root, json } => get(&name, &root.find()?, json),
    }
}

/// Prints the events of all files as a table with a header and one line for each event, which a `tsv` of `rows` can
/// read.
fn events(files: &[PathBuf], registry: &Registry) -> anyhow::Result<()> {
    output::line("file\tsecond\tduration\tlabel")?;
    for path in files {
        let file = File::on_disk(path);
        let extension = file.extension();
        let medium = registry.media().find(|medium| medium.extensions().contains(&extension.as_str()));
        let Some(medium) = medium else {
            anyhow::bail!("{}: no medium reads files that end in .{extension}", path.display());
        };
        for Event { second, duration, label } in medium.events(&file)? {
            let duration = duration.map(|duration| duration.to_string()).unwrap_or_default();
            let label = label.replace(['\t', '\n', '\r'], " ");
            output::line(format!("{}\t{second}\t{duration}\t{label}", path.display()))?;
        }
    }
    Ok(())
}

fn list(root: &DataRoot, as_json: bool) -> anyhow::Result<()> {
    let catalog = Catalog::shipped()?;
    let of_kind =
        |kind: ManifestKind| catalog.manifests().iter().filter(move |manifest| manifest.kind == kind);
    if as_json {
        let listed = |kind: ManifestKind| -> Vec<_> {
            of_kind(kind)
                .map(|manifest| json!({ "present": present(manifest, root), "manifest": manifest }))
                .collect()
        };
        return output::json(&json!({
            "data_root": root.folder(),
            "datasets": listed(ManifestKind::Dataset),
            "models": listed(ManifestKind::Model),
        }));
    }
    output::line(format!("data root: {}", root.folder().display()))?;
    for manifest in of_kind(ManifestKind::Dataset).chain(of_kind(ManifestKind::Model)) {
        let state = match (manifest.generator.is_some(), present(manifest, root)) {
            (true, _) => "generated",
            (false, true) => "there",
            (false, false) => "to get",
        };
        output::line(format!("{:<16} {state:<10} {}", manifest.name, manifest.description.trim()))?;
        output::line(format!("{:<27} licence: {}", "", manifest.licence.trim()))?;
    }
    Ok(())
}

fn present(manifest: &Manifest, root: &DataRoot) -> bool {
    manifest.generator.is_some() || matches!(root.presence(manifest), Presence::Present)
}

fn get(name: &str, root: &DataRoot, as_json: bool) -> anyhow::Result<()> {
    let manifest = Catalog::shipped()?.find(name)?;
    let bar = ProgressBar::new(0).with_style(
        ProgressStyle::with_template("{msg}  {bar:30} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let report = download::get(&manifest, root, &mut |progress| {
        bar.set_message(progress.file.display().to_string());
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    })?;
    bar.finish_and_clear();
    if as_json {
        let files: Vec<_> = report.files.iter().map(|(path, _)| path).collect();
        return output::json(&json!({ "dataset": manifest.name, "folder": report.folder, "files": files }));
    }
    output::line(format!("{}: {} files in {}", manifest.name, report.files.len(), report.folder.display()))?;
    match manifest.kind {
        ManifestKind::Model => output::line(format!("next: any2any import {}", manifest.name)),
        _ => Ok(()),
    }
}
