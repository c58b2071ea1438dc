//! `any2any import`: a run from a model that was trained elsewhere.

use std::path::PathBuf;

use any2any_adapter::Registry;
use any2any_data::DataRoot;
use any2any_import::{ImportError, Imported, Options};
use any2any_run::{Existing, RunFolder};
use serde_json::{Value as Json, json};

use crate::arguments::{ImportArguments, Usage};
use crate::output;

pub(crate) fn run(arguments: ImportArguments, registry: &Registry) -> anyhow::Result<()> {
    // A model that `data get` fetched is known by its name.
    let source =
        &DataRoot::find(None).map_or(arguments.source.clone(), |root| root.model_folder(&arguments.source));
    let name = source.canonicalize().ok().and_then(|path| Some(path.file_name()?.to_str()?.to_owned()));
    let name = name.unwrap_or_else(|| "imported".to_owned());
    let folder = arguments.run.clone().unwrap_or_else(|| PathBuf::from("runs").join(&name));
    let run = RunFolder::new(folder);
    let existing = if arguments.overwrite { Existing::SetAside } else { Existing::Keep };
    // Before a large model is read.
    run.check_free(existing)?;
    let ImportArguments { instruction, overrides, .. } = &arguments;
    let options = Options { instruction: instruction.clone(), overrides: overrides.clone() };
    let imported = Imported::read(source, &options, registry).map_err(of_command)?;
    imported.write(&run, existing).map_err(of_command)?;
    let Imported { family, parameters, parts, notes, .. } = &imported;

    if arguments.json {
        return output::json(&json!({
            "run": run.path(),
            "family": family.to_string(),
            "parameters": parameters,
            "notes": notes,
            "parts": parts.iter().map(part).collect::<Vec<_>>(),
        }));
    }
    let path = run.path().display();
    output::line(format!(
        "{}: {family}, {} parameters from {} tensors",
        source.display(),
        any2any_adapter::grouped(*parameters),
        parts.len()
    ))?;
    for part in parts.iter().filter(|part| arguments.parts || part.left_out.is_some()) {
        let became = match &part.left_out {
            Some(reason) => format!("left out: {reason}"),
            None => part.ours.join(", "),
        };
        output::line(format!("  {} {:?}: {became}", part.theirs, part.shape))?;
    }
    notes.iter().for_each(output::warn);
    output::line(format!("{path}: translate with `any2any translate {path}`"))
}

/// The error of an import as the command line tells errors apart.
fn of_command(error: ImportError) -> anyhow::Error {
    match error {
        ImportError::Source { .. } => Usage(error.to_string()).into(),
        ImportError::Experiment(problems) => problems.into(),
        ImportError::Run(error) => error.into(),
        other => other.into(),
    }
}

fn part(part: &any2any_pretrained::Part) -> Json {
    json!({
        "theirs": part.theirs,
        "shape": part.shape,
        "ours": part.ours,
        "left_out": part.left_out.as_ref().map(ToString::to_string),
    })
}
