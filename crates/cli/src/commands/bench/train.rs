//! `any2any bench train`: the speed of some training steps.

use std::num::NonZeroUsize;

use any2any_adapter::Registry;
use any2any_bench::{TrainingBench, TrainingReport};

use super::{head, memory, row};
use crate::arguments::BenchTrainArguments;
use crate::output;

pub(super) fn run(arguments: &BenchTrainArguments, registry: &Registry) -> anyhow::Result<()> {
    let config = &arguments.config;
    let document = crate::commands::experiment(&config.config, &config.overrides, registry)?;
    let root = arguments.root.find()?;
    let prepared = crate::preparation::prepare(&document, registry, &root)?;
    let bench = TrainingBench {
        warm_up: arguments.warm_up,
        steps: arguments.steps.get(),
        length: arguments.length.map(NonZeroUsize::get),
    };
    let report = bench.run(prepared)?;
    if arguments.json { output::json(&report) } else { print(&report) }
}

fn print(report: &TrainingReport) -> anyhow::Result<()> {
    let whole = |rate: f64| any2any_adapter::grouped(rate.round() as u64);
    let billions = |rate: f64| format!("{:.1} billion operations a second", rate / 1e9);
    let per_cent = |share: f64| format!("{:.1} %", 100.0 * share);
    head(&report.name, report.backend, report.threads, report.parameters)?;
    row("measured", format!("{} steps, after {} to warm up", report.steps, report.warm_up_steps))?;
    row("target tokens", any2any_adapter::grouped(report.target_tokens as u64))?;
    row("target tokens a second", whole(report.target_tokens_per_second))?;
    row("source tokens a second", whole(report.source_tokens_per_second))?;
    let padding = report.padding_share;
    row("padding", per_cent(padding.both))?;
    if let Some(share) = padding.source {
        row("  of the source", per_cent(share))?;
        row("  of the target", per_cent(padding.target))?;
    }
    row("seconds a step", format!("{:.4}", report.seconds_per_step))?;
    let seconds = report.seconds;
    for (phase, spent) in [
        ("  data", seconds.data),
        ("  forward", seconds.forward),
        ("  backward", seconds.backward),
        ("  optimizer", seconds.optimizer),
    ] {
        let (a_step, share) = (spent / report.steps as f64, spent / seconds.total.max(1e-9));
        row(phase, format!("{a_step:.4}  {:>6}", per_cent(share)))?;
    }
    memory(report.peak_resident_bytes)?;
    row("matrix products", billions(report.floating_point_operations_per_second))?;
    row("a single product", billions(report.matrix_product_rate))?;
    row("share of its rate", per_cent(report.share_of_matrix_product_rate))
}
