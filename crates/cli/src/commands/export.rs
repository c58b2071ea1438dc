//! `any2any export`: a copy of all that translation needs of a run.

use any2any_adapter::Registry;
use any2any_run::RunFolder;
use serde_json::json;

use crate::arguments::ExportArguments;
use crate::output;

pub(crate) fn run(arguments: ExportArguments, registry: &Registry) -> anyhow::Result<()> {
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
