//! `any2any bench decode`: the speed of translation.

use any2any_adapter::Registry;
use any2any_bench::{Batching, DecodingBench, DecodingReport};
use any2any_experiment::spec::{Beam, Decoding};
use any2any_translate::Translator;

use super::{head, memory, row};
use crate::arguments::{BenchDecodeArguments, Usage};
use crate::output;

pub(super) fn run(arguments: &BenchDecodeArguments, registry: &Registry) -> anyhow::Result<()> {
    let mut lines = crate::commands::read_lines(&arguments.input)?;
    lines.truncate(arguments.lines.map_or(usize::MAX, |lines| lines.get()));
    let translator = translator(arguments, registry)?;
    let task = translator.task(arguments.task.as_deref())?;
    let bench = DecodingBench {
        decoding: decoding(arguments, task.decoding()),
        forced_length: arguments.force_length.map(|length| length.get()),
        batching: match (arguments.batch_tokens, arguments.one_by_one) {
            (_, true) => Batching::OneByOne,
            (Some(tokens), false) => Batching::Tokens(tokens.get()),
            (None, false) => Batching::AsConfigured,
        },
    };
    let report = bench.run(&translator, task, &crate::commands::values(&lines))?;
    if arguments.json { output::json(&report) } else { print(&report) }
}

/// The model of a run; of an experiment, one with random weights.
fn translator(arguments: &BenchDecodeArguments, registry: &Registry) -> anyhow::Result<Translator> {
    let place = &arguments.run_or_config;
    let precision = arguments.precision.precision();
    if place.is_dir() {
        if !arguments.overrides.is_empty() {
            let reason = "--set changes an experiment, but a run is measured as it was trained: give the experiment's file, or leave --set out";
            return Err(Usage(reason.to_owned()).into());
        }
        return crate::commands::translator(place, &arguments.checkpoint, registry, precision);
    }
    let document = crate::commands::experiment(place, &arguments.overrides, registry)?;
    let root = arguments.root.find()?;
    Ok(any2any_bench::untrained(crate::preparation::prepare(&document, registry, &root)?, precision)?)
}

fn decoding(arguments: &BenchDecodeArguments, configured: &Decoding) -> Decoding {
    let mut decoding = configured.clone();
    if let Some(size) = arguments.beam {
        let beam = decoding.beam.take().unwrap_or_default();
        decoding.beam = Some(Beam { size: size.get(), n_best: beam.n_best.min(size.get()), ..beam });
        decoding.sampling = None;
    }
    decoding
}

fn print(report: &DecodingReport) -> anyhow::Result<()> {
    head(&report.name, report.backend, report.threads, report.parameters)?;
    let how = if report.one_by_one { "one by one" } else { "in batches" };
    let forced = report.forced_length.map_or(String::new(), |length| format!(", {length} tokens each"));
    row("measured", format!("{} lines {how}, beam {}{forced}", report.sentences, report.beam))?;
    row("target tokens", any2any_adapter::grouped(report.target_tokens as u64))?;
    row("seconds", format!("{:.3}", report.seconds))?;
    row("target tokens a second", any2any_adapter::grouped(report.target_tokens_per_second.round() as u64))?;
    row("lines a second", format!("{:.1}", report.sentences_per_second))?;
    if let Some(rate) = report.sentences_per_processor_second {
        row("lines a processor second", format!("{rate:.1}"))?;
    }
    if let Some(latency) = report.latency_seconds {
        row("half take at most", format!("{:.1} ms", 1e3 * latency.percentile_50))?;
        row("95 of 100 take at most", format!("{:.1} ms", 1e3 * latency.percentile_95))?;
    }
    memory(report.peak_resident_bytes)
}
