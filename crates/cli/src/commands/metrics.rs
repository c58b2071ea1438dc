//! `any2any metrics`.

use any2any_train::evaluate::score_texts;
use serde_json::json;

use crate::arguments::MetricsArguments;
use crate::output;

pub(crate) fn run(arguments: MetricsArguments) -> anyhow::Result<()> {
    let hypotheses = super::read_lines(&arguments.hypotheses)?;
    let references = super::read_lines(&arguments.references)?;
    if hypotheses.len() != references.len() {
        anyhow::bail!(
            "{} has {} lines, {} has {}: line N of each must belong together",
            arguments.hypotheses.display(),
            hypotheses.len(),
            arguments.references.display(),
            references.len()
        );
    }
    let scores = arguments
        .metrics
        .iter()
        .map(|&metric| score_texts(metric, &hypotheses, &references))
        .collect::<Result<Vec<_>, _>>()?;
    if arguments.json {
        return output::json(&json!({ "lines": hypotheses.len(), "scores": scores }));
    }
    output::line(output::scores(&scores).trim_end())
}
