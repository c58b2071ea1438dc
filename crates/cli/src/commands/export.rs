//! `any2any export`: a copy of all that translation needs of a run, here or in another program.

mod elsewhere;
mod prompt;
mod sound;
mod tokenizers;

use any2any_adapter::Registry;
use any2any_run::RunFolder;
use any2any_translate::Translator;
use serde_json::json;

use crate::arguments::{ExportArguments, ExportFormat, Usage};
use crate::output;
use tokenizers::Layout;

pub(crate) fn run(arguments: ExportArguments, registry: &Registry) -> anyhow::Result<()> {
    let layout = match arguments.format {
        ExportFormat::Any2any => return copy(&arguments, registry),
        ExportFormat::Huggingface => Layout::HuggingFace,
        ExportFormat::Ctranslate2 => Layout::Ctranslate2,
        ExportFormat::Portable => return portable(&arguments, registry),
    };
    let exported = elsewhere::write(&arguments, layout, registry)?;
    let (bytes, kind) = (folder_size(&arguments.output)?, exported.written.kind);
    if arguments.json {
        let notes = exported.notes;
        return output::json(
            &json!({ "output": arguments.output, "bytes": bytes, "kind": kind, "notes": notes }),
        );
    }
    exported.notes.iter().for_each(output::warn);
    let (path, bytes) = (arguments.output.display(), any2any_adapter::grouped(bytes));
    output::line(format!("{path}: {bytes} bytes in {}, a {kind}", layout.name()))
}

/// Writes a run that translates.
fn copy(arguments: &ExportArguments, registry: &Registry) -> anyhow::Result<()> {
    if arguments.task.is_some() {
        return Err(
            Usage("--task: a run is exported with all of its tasks; give a --format".to_owned()).into()
        );
    }
    let run = RunFolder::new(&arguments.run);
    run.export(&arguments.checkpoint, &arguments.output, registry, arguments.precision.precision())?;
    let bytes = folder_size(&arguments.output)?;
    if arguments.json {
        return output::json(&json!({ "output": arguments.output, "bytes": bytes }));
    }
    output::line(format!(
        "{}: {} bytes; translate with `any2any translate {}`",
        arguments.output.display(),
        any2any_adapter::grouped(bytes),
        arguments.output.display()
    ))
}

/// Writes one file for the engine in a browser.
fn portable(arguments: &ExportArguments, registry: &Registry) -> anyhow::Result<()> {
    if arguments.task.is_some() {
        return Err(Usage(
            "--task: a portable file has all tasks that can be asked without the run".to_owned(),
        )
        .into());
    }
    let precision = arguments.precision.precision();
    let model = Translator::load(&RunFolder::new(&arguments.run), &arguments.checkpoint, registry)?;
    let portable = model.portable(precision)?;
    let bytes = portable.to_bytes()?;
    any2any_run::atomic_file::write(&arguments.output, &bytes)?;
    let tasks: Vec<&str> = portable.tasks.iter().map(|task| task.name.as_str()).collect();
    if arguments.json {
        return output::json(&json!({ "output": arguments.output, "bytes": bytes.len(), "tasks": tasks }));
    }
    output::line(format!(
        "{}: {} bytes; tasks: {}",
        arguments.output.display(),
        any2any_adapter::grouped(bytes.len() as u64),
        tasks.join(", ")
    ))
}

fn folder_size(folder: &std::path::Path) -> std::io::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        bytes += match entry.file_type()?.is_dir() {
            true => folder_size(&entry.path())?,
            false => entry.metadata()?.len(),
        };
    }
    Ok(bytes)
}
