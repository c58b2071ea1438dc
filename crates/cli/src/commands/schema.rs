//! `any2any schema`: the JSON Schema of experiments.

use any2any_adapter::Registry;

use crate::output;

pub(crate) fn run(registry: &Registry) -> anyhow::Result<()> {
    output::json(&any2any_experiment::json_schema(registry))
}
