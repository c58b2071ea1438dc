//! Output of the commands: a table for people, or one JSON object for programs, and warnings on standard error.

use std::borrow::Cow;
use std::io::Write;

use any2any_experiment::spec::Metric;
use any2any_metrics::Score;
use any2any_translate::controls::Controlled;
use any2any_translate::text_metrics::spaces_missing;
use serde::Serialize;

/// Prints one JSON object and nothing else.
pub(crate) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, value)?;
    writeln!(out)?;
    Ok(())
}

/// Prints a line.
pub(crate) fn line(text: impl std::fmt::Display) -> anyhow::Result<()> {
    writeln!(std::io::stdout().lock(), "{text}")?;
    Ok(())
}

/// Prints a text that ends its own lines.
pub(crate) fn text(text: &str) -> anyhow::Result<()> {
    write!(std::io::stdout().lock(), "{text}")?;
    Ok(())
}

/// A text on one line: each line end in it, of any system or Unicode's, becomes a space.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    const ENDS: [char; 10] =
        ['\n', '\r', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}'];
    if text.contains(ENDS) {
        Cow::Owned(text.replace("\r\n", " ").replace(ENDS, " "))
    } else {
        Cow::Borrowed(text)
    }
}

/// Prints a warning on standard error.
pub(crate) fn warn(text: impl std::fmt::Display) {
    eprintln!("warning: {text}");
}

/// Prints the warnings about an experiment.
pub(crate) fn warnings(document: &any2any_experiment::Document) {
    data_warnings(&document.warnings);
}

/// Prints the warnings about an experiment's data.
pub(crate) fn data_warnings(warnings: &any2any_experiment::Diagnostics) {
    if !warnings.is_empty() {
        eprintln!("{warnings}\n");
    }
}

/// Warns of metrics that count words between spaces that the references do not have.
pub(crate) fn metric_warnings(metrics: &[Metric], references: &[impl AsRef<str>]) {
    for missing in spaces_missing(metrics, references) {
        eprintln!("warning: {}; {}", missing.message, missing.help);
    }
}

/// Scores as a table: name, value, details, signature.
pub(crate) fn scores(scores: &[Score]) -> String {
    let width = scores.iter().map(|score| score.name.chars().count()).max().unwrap_or(0);
    let mut table = String::new();
    for score in scores {
        table += &format!("  {:<width$}  {:>6.2}", score.name, score.value);
        if let Some(interval) = &score.interval {
            table += &format!(" ± {:.2} (95 %)", interval.half_width());
        }
        for part in [&score.detail, &score.signature].into_iter().flatten() {
            table += "  ";
            table += part;
        }
        table.push('\n');
    }
    table
}

/// A score beside its controls, with the conclusion, as a line.
pub(crate) fn controls(controlled: &Controlled) -> String {
    let Controlled { truth, swapped, noise, stands_clear } = controlled;
    let shown = |score: &Score| match &score.interval {
        Some(interval) => format!("{:.2} [{:.2}, {:.2}]", score.value, interval.low, interval.high),
        None => format!("{:.2}", score.value),
    };
    let verdict = match stands_clear {
        true => "the true score stands clear of its controls",
        false => "NOT clear of its controls: the model may have learned only what outputs look like",
    };
    format!(
        "controls, {}: true sources {}, swapped sources {}, noise {}\n  {verdict}",
        truth.name,
        shown(truth),
        shown(swapped),
        shown(noise)
    )
}

/// Seconds as hours, minutes and seconds.
pub(crate) fn duration(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds:02} s"),
        (hours, minutes, _) => format!("{hours} h {minutes:02} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_ends_a_line_becomes_a_space() {
        for (text, line) in [
            ("a b", "a b"),
            ("a\nb\r\nc\rd", "a b c d"),
            ("a\u{2028}b\u{2029}c\u{85}d\u{b}e\u{c}f", "a b c d e f"),
            ("a\tb \n c", "a\tb   c"),
        ] {
            assert_eq!(one_line(text), line);
        }
    }

    #[test]
    fn times_are_readable() {
        for (seconds, text) in [(4.2, "4 s"), (61.0, "1 min 01 s"), (7322.0, "2 h 02 min")] {
            assert_eq!(duration(seconds), text);
        }
    }
}
