//! `any2any metrics`.

use std::path::{Path, PathBuf};

use any2any_metrics::Bootstrap;
use any2any_train::text_metrics::score_texts;
use serde_json::json;

use crate::arguments::MetricsArguments;
use crate::output;

pub(crate) fn run(arguments: MetricsArguments) -> anyhow::Result<()> {
    let hypotheses = read(&arguments.hypotheses)?;
    let references =
        arguments.references.iter().map(|path| read(path)).collect::<anyhow::Result<Vec<_>>>()?;
    check_lengths(&arguments, hypotheses.len(), &references)?;
    let metrics = arguments.options.apply(&arguments.metrics, &[])?;
    // Whichever file is not divided into words: hypotheses are compared with every one.
    output::metric_warnings(&metrics, &references.concat());
    warn_of_empty_lines(&arguments.references, &references);
    let bootstrap = arguments.options.confidence.then(Bootstrap::default);
    let scores = metrics
        .iter()
        .map(|&metric| score_texts(metric, &hypotheses, &references, bootstrap.as_ref()))
        .collect::<Result<Vec<_>, _>>()?;
    if arguments.json {
        return output::json(&json!({ "lines": hypotheses.len(), "scores": scores }));
    }
    output::line(output::scores(&scores).trim_end())
}

/// The lines of a file.
fn read(path: &Path) -> anyhow::Result<Vec<String>> {
    super::read_lines(path)
}

/// Line N of every file belongs to line N of every other.
fn check_lengths(
    arguments: &MetricsArguments,
    hypotheses: usize,
    references: &[Vec<String>],
) -> anyhow::Result<()> {
    let others = arguments.references.iter().zip(references).filter(|(_, lines)| lines.len() != hypotheses);
    let others: Vec<String> =
        others.map(|(path, lines)| format!("{} has {}", path.display(), lines.len())).collect();
    if others.is_empty() {
        return Ok(());
    }
    anyhow::bail!(
        "{} has {hypotheses} lines, {}: line N of each must belong together",
        arguments.hypotheses.display(),
        others.join(", ")
    )
}

/// An empty line of one file among others may mean that there is no such reference; it is read as an empty one.
fn warn_of_empty_lines(paths: &[PathBuf], references: &[Vec<String>]) {
    if references.len() < 2 {
        return;
    }
    for (path, lines) in paths.iter().zip(references) {
        let empty = lines.iter().filter(|line| line.trim().is_empty()).count();
        let lines = if empty == 1 { "line" } else { "lines" };
        if empty > 0 {
            eprintln!(
                "warning: {} has {empty} empty {lines}; each counts as a reference that is empty, as in sacreBLEU",
                path.display()
            );
        }
    }
}
