//! `any2any schema`.

use any2any_adapter::Registry;

use crate::output;

pub(crate) fn run(registry: &Registry) -> anyhow::Result<()> {
    output::json(&any2any_experiment::json_schema(registry))
}
