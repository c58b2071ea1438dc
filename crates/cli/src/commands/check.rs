//! `any2any check`.

use any2any_adapter::Registry;
use any2any_data::DataRoot;
use any2any_experiment::Diagnostics;
use any2any_train::TrainError;
use serde_json::json;

use crate::arguments::CheckArguments;
use crate::output;

pub(crate) fn run(arguments: CheckArguments, registry: &Registry) -> anyhow::Result<()> {
    let config = &arguments.config;
    match check(&arguments, registry)? {
        None if arguments.json => output::json(&json!({ "valid": true, "diagnostics": [] })),
        None => output::line(format!("{}: no problem found", config.config.display())),
        Some(diagnostics) => {
            if arguments.json {
                output::json(&json!({ "valid": false, "diagnostics": diagnostics }))?;
            }
            Err(diagnostics.into())
        }
    }
}

/// All problems of the experiment; those of its data only when it has none itself.
fn check(arguments: &CheckArguments, registry: &Registry) -> anyhow::Result<Option<Diagnostics>> {
    let config = &arguments.config;
    let document = match any2any_experiment::load(&config.config, &config.overrides, registry) {
        Ok(document) => document,
        Err(diagnostics) => return Ok(Some(diagnostics)),
    };
    output::warnings(&document);
    if arguments.no_data {
        return Ok(None);
    }
    let root = DataRoot::find(arguments.root.data_root.as_deref())?;
    match any2any_train::check(&document, registry, &root) {
        Ok(warnings) => {
            output::data_warnings(&warnings);
            Ok(None)
        }
        Err(TrainError::Experiment(diagnostics)) => Ok(Some(diagnostics)),
        Err(error) => Err(error.into()),
    }
}
