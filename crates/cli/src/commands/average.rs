//! `any2any average`: the mean of several checkpoints' weights, in one file.

use any2any_run::{RunError, RunFolder, read_architecture, read_finite_weights, write_weights};
use any2any_train::average_weights;
use serde_json::json;

use crate::arguments::AverageArguments;
use crate::output;

pub(crate) fn run(arguments: AverageArguments) -> anyhow::Result<()> {
    let run = RunFolder::new(&arguments.run);
    let checkpoints = run.checkpoints();
    let names = match arguments.checkpoints.as_slice() {
        [] => checkpoints.steps()?.into_iter().map(|step| format!("step-{step}")).collect(),
        chosen => chosen.to_vec(),
    };
    if names.is_empty() {
        anyhow::bail!("{} has no checkpoint yet", arguments.run.display());
    }
    let files = names
        .iter()
        .map(|name| Ok(checkpoints.resolve(name)?.join("model.safetensors")))
        .collect::<Result<Vec<_>, RunError>>()?;
    let weights = files.iter().map(|file| read_finite_weights(file)).collect::<Result<Vec<_>, _>>()?;
    // All checkpoints of a run have one architecture.
    let architecture = files.first().map(|file| read_architecture(file)).transpose()?.flatten();
    let output = arguments.output.unwrap_or_else(|| arguments.run.join("averaged.safetensors"));
    write_weights(&output, &average_weights(&weights)?, architecture.as_ref())?;
    if arguments.json {
        return output::json(&json!({ "output": output, "checkpoints": names }));
    }
    output::line(format!("{}: the mean of {}", output.display(), names.join(", ")))
}
