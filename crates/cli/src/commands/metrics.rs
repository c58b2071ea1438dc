//! `any2any metrics`: scores of a file of hypotheses against files of references.

use std::path::PathBuf;

use any2any_adapter::Registry;
use any2any_data::TextFile;
use any2any_metrics::Bootstrap;
use any2any_translate::text_metrics::score_texts;
use serde_json::json;

use crate::arguments::MetricsArguments;
use crate::output;

pub(crate) fn run(arguments: MetricsArguments, registry: &Registry) -> anyhow::Result<()> {
    let hypotheses = super::read_text(&arguments.hypotheses)?;
    let mut references =
        arguments.references.iter().map(|path| super::read_text(path)).collect::<anyhow::Result<Vec<_>>>()?;
    check_lengths(&arguments, hypotheses.lines.len(), &references)?;
    // A line that cannot be read in one file is left out of all files.
    let mut broken = hypotheses.broken;
    broken.extend(references.iter_mut().flat_map(|file| std::mem::take(&mut file.broken)));
    for error in broken.values() {
        eprintln!("{error}");
    }
    let sound = |lines: Vec<String>| -> Vec<String> {
        let lines = lines.into_iter().enumerate().filter(|(line, _)| !broken.contains_key(line));
        lines.map(|(_, text)| text).collect()
    };
    let hypotheses = sound(hypotheses.lines);
    let references: Vec<Vec<String>> = references.into_iter().map(|file| sound(file.lines)).collect();
    let metrics = arguments.options.apply(&arguments.metrics, &[], registry)?;
    // Hypotheses are compared with every file of references, so all of them are checked for spaces between words.
    output::metric_warnings(&metrics, &references.concat());
    warn_of_empty_lines(&arguments.references, &references);
    let bootstrap = arguments.options.confidence.then(Bootstrap::default);
    let scores = metrics
        .iter()
        .map(|metric| score_texts(metric, &hypotheses, &references, bootstrap.as_ref()))
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

/// Fails unless all files have the same number of lines.
fn check_lengths(
    arguments: &MetricsArguments,
    hypotheses: usize,
    references: &[TextFile],
) -> anyhow::Result<()> {
    let others =
        arguments.references.iter().zip(references).filter(|(_, file)| file.lines.len() != hypotheses);
    let others: Vec<String> =
        others.map(|(path, file)| format!("{} has {}", path.display(), file.lines.len())).collect();
    if others.is_empty() {
        return Ok(());
    }
    anyhow::bail!(
        "{} has {hypotheses} lines, {}: line N of each must belong together",
        arguments.hypotheses.display(),
        others.join(", ")
    )
}

/// Warns of empty lines in one of several files of references: they count as empty references, and may mean that there
/// is none.
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
