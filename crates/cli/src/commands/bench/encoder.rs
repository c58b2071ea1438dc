//! `any2any bench encoder`: the speed of the encoder alone, forward and backward.

use any2any_adapter::Registry;
use any2any_bench::{EncoderBench, EncoderReport};

use super::{head, memory, row};
use crate::arguments::BenchEncoderArguments;
use crate::output;

pub(super) fn run(arguments: &BenchEncoderArguments, registry: &Registry) -> anyhow::Result<()> {
    let config = &arguments.config;
    let document = crate::commands::experiment(&config.config, &config.overrides, registry)?;
    let bench = EncoderBench {
        frames: arguments.frames.get(),
        width: arguments.width.get(),
        steps: arguments.steps.get(),
    };
    let report = bench.run(&document.experiment)?;
    if arguments.json { output::json(&report) } else { print(&report) }
}

fn print(report: &EncoderReport) -> anyhow::Result<()> {
    head(&report.name, report.backend, report.threads, report.parameters)?;
    row("measured", format!("{} passes over {} frames of {}", report.steps, report.frames, report.width))?;
    row("seconds forward", format!("{:.4}", report.forward_seconds))?;
    row("seconds backward", format!("{:.4}", report.backward_seconds))?;
    row("frames a second", any2any_adapter::grouped(report.frames_per_second.round() as u64))?;
    memory(report.peak_resident_bytes)
}
