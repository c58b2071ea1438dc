//! `any2any bench kernels`: the speed of fused operations, beside their compositions of primitives.

use any2any_bench::{KernelsReport, Sizes};
use any2any_experiment::spec::Device;

use crate::arguments::BenchKernelsArguments;
use crate::{output, threads};

pub(super) fn run(arguments: &BenchKernelsArguments) -> anyhow::Result<()> {
    let device = Device { threads: arguments.threads, ..Device::default() };
    threads::start(&device);
    let report = any2any_bench::kernels(&device, sizes(arguments)?, arguments.repetitions)?;
    if arguments.json { output::json(&report) } else { print(&report) }
}

fn sizes(arguments: &BenchKernelsArguments) -> anyhow::Result<Sizes> {
    let (d_model, heads) = (arguments.d_model.get(), arguments.heads.get());
    anyhow::ensure!(
        d_model.is_multiple_of(heads),
        "--heads {heads} does not divide --d-model {d_model}: every head has a part of the width of a position"
    );
    Ok(Sizes {
        batch: arguments.batch.get(),
        positions: arguments.positions.get(),
        d_model,
        d_ff: arguments.d_ff.get(),
        heads,
        ..Sizes::default()
    })
}

fn print(report: &KernelsReport) -> anyhow::Result<()> {
    let [batch, positions, d_model, d_ff, heads, vocabulary] = report.shape;
    output::line(format!(
        "{batch} sequences of {positions} positions, d_model {d_model}, d_ff {d_ff}, {heads} heads, {vocabulary} tokens, on {}, {} threads",
        report.backend, report.threads
    ))?;
    output::line(format!(
        "  {:<24}{:>12}{:>14}{:>8}{:>22}{:>8}",
        "forward and backward", "ms", "primitives", "ratio", "10^9 operations/s", "share"
    ))?;
    for kernel in &report.kernels {
        let rate = kernel.floating_point_operations_per_second;
        let share = kernel.share_of_matrix_product_rate;
        output::line(format!(
            "  {:<24}{:>12.3}{:>14.3}{:>8.1}{:>22}{:>8}",
            kernel.name,
            kernel.seconds * 1e3,
            kernel.primitive_seconds * 1e3,
            kernel.primitive_seconds / kernel.seconds,
            rate.map_or_else(String::new, |rate| format!("{:.1}", rate / 1e9)),
            share.map_or_else(String::new, |share| format!("{:.0} %", 1e2 * share)),
        ))?;
    }
    output::line(format!("  {:<24}{:>58.1}", "one large matrix product", report.matrix_product_rate / 1e9))
}
