//! `any2any metrics`.

use any2any_train::evaluate::score_texts;
use serde_json::json;

use crate::arguments::MetricsArguments;
use crate::output;

pub(crate) fn run(arguments: MetricsArguments) -> anyhow::Result<()> {
    let hypotheses = super::read_text(&arguments.hypotheses)?;
    let references = super::read_text(&arguments.references)?;
    if hypotheses.lines.len() != references.lines.len() {
        anyhow::bail!(
            "{} has {} lines, {} has {}: line N of each must belong together",
            arguments.hypotheses.display(),
            hypotheses.lines.len(),
            arguments.references.display(),
            references.lines.len()
        );
    }
    let mut broken = hypotheses.broken;
    broken.extend(references.broken);
    for error in broken.values() {
        eprintln!("{error}");
    }
    let sound = |lines: Vec<String>| -> Vec<String> {
        let lines = lines.into_iter().enumerate().filter(|(line, _)| !broken.contains_key(line));
        lines.map(|(_, text)| text).collect()
    };
    let (hypotheses, references) = (sound(hypotheses.lines), sound(references.lines));
    let scores = arguments
        .metrics
        .iter()
        .map(|&metric| score_texts(metric, &hypotheses, &references))
        .collect::<Result<Vec<_>, _>>()?;
    if arguments.json {
        let unreadable = broken.len();
        output::json(&json!({ "lines": hypotheses.len(), "unreadable": unreadable, "scores": scores }))?;
    } else {
        output::line(output::scores(&scores).trim_end())?;
    }
    match broken.len() {
        0 => Ok(()),
        broken => anyhow::bail!("{broken} of the pairs could not be read and are not in the scores"),
    }
}
