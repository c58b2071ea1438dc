//! `any2any data look`: the contents of files before any option touches them, or the samples of an experiment as they
//! are trained on.

mod files;
mod histogram;
mod regions;
mod samples;

use std::path::PathBuf;

use any2any_adapter::Registry;

use crate::arguments::{LookArguments, Usage};
use crate::output_folder::OutputFolder;

pub(super) fn run(arguments: &LookArguments, registry: &Registry) -> anyhow::Result<()> {
    let is_experiment =
        |path: &PathBuf| path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
    let output = arguments.output.as_ref().map(|folder| OutputFolder::new(folder, arguments.overwrite));
    match &arguments.inputs[..] {
        [config] if is_experiment(config) => samples::look(config, arguments, output, registry),
        inputs if inputs.iter().any(is_experiment) => {
            Err(Usage("look at one experiment, or at files, not at both".to_owned()).into())
        }
        inputs => files::look(inputs, arguments, output, registry),
    }
}

/// The least and greatest of finite values, their mean, and the number of values that are not finite.
struct Range {
    least: f32,
    greatest: f32,
    mean: f64,
    not_finite: usize,
}

impl Range {
    /// The range of values; `None` if none is finite.
    fn of(values: impl IntoIterator<Item = f32>) -> Option<Self> {
        let mut range = Self { least: f32::INFINITY, greatest: f32::NEG_INFINITY, mean: 0.0, not_finite: 0 };
        let mut finite = 0_usize;
        for value in values {
            if !value.is_finite() {
                range.not_finite += 1;
                continue;
            }
            finite += 1;
            range.least = range.least.min(value);
            range.greatest = range.greatest.max(value);
            range.mean += f64::from(value);
        }
        range.mean /= finite as f64;
        (finite > 0).then_some(range)
    }

    fn json(&self) -> serde_json::Value {
        let Self { least, greatest, mean, not_finite } = self;
        serde_json::json!({ "least": least, "greatest": greatest, "mean": mean, "not_finite": not_finite })
    }
}

impl std::fmt::Display for Range {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} to {}, mean {:.6}", self.least, self.greatest, self.mean)?;
        match self.not_finite {
            0 => Ok(()),
            count => write!(f, ", and {count} that are no numbers"),
        }
    }
}
