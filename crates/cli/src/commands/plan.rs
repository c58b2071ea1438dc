//! `any2any plan`: what a training will take, told before it starts.

use any2any_adapter::{Registry, grouped};
use any2any_bench::{MemoryPlan, Plan};
use any2any_data::DataRoot;

use crate::arguments::PlanArguments;
use crate::output;

pub(crate) fn run(arguments: &PlanArguments, registry: &Registry) -> anyhow::Result<()> {
    let config = &arguments.config;
    let document = super::experiment(&config.config, &config.overrides, registry)?;
    let root = DataRoot::find(arguments.root.data_root.as_deref())?;
    let prepared = crate::preparation::prepare(&document, registry, &root)?;
    let plan = Plan::of(prepared, arguments.warm_up, arguments.steps)?;
    if arguments.json {
        return output::json(&plan);
    }
    print(&plan)?;
    if plan.measured.is_none() && arguments.steps > 0 {
        output::warn("no step was measured: by the estimate, the training needs more memory than is free");
    }
    Ok(())
}

fn print(plan: &Plan) -> anyhow::Result<()> {
    let threads = if plan.threads == 1 { "1 thread".to_owned() } else { format!("{} threads", plan.threads) };
    output::line(format!("{} on {}, {threads}", plan.name, plan.backend))?;
    let parameters = &plan.parameters;
    row("parameters", grouped(parameters.total))?;
    for part in &parameters.parts {
        row(&format!("  {}", part.name), grouped(part.parameters))?;
    }
    if parameters.learned != parameters.total {
        row("  of which learn", grouped(parameters.learned))?;
    }
    print_memory(&plan.memory)?;
    let operations = plan.operations;
    row("operations a step", short(operations.step))?;
    row("  forward", short(operations.forward))?;
    row("  backward", short(operations.backward))?;
    if operations.recomputed > 0.0 {
        row("  computed again", short(operations.recomputed))?;
    }
    let epoch = plan.epoch;
    row("steps an epoch", format!("{:.1}, of {} samples", epoch.steps, grouped(epoch.samples)))?;
    row("source tokens an epoch", grouped(epoch.source_tokens))?;
    row("target tokens an epoch", grouped(epoch.target_tokens))?;
    row("steps", format!("{}, which are {:.2} epochs", grouped(plan.steps), plan.epochs))?;
    if let (Some(measured), Some(duration)) = (plan.measured, plan.duration) {
        let of = match measured.steps {
            1 => "1 step".to_owned(),
            steps => format!("{steps} steps"),
        };
        row("measured", format!("{of}, after {} to warm up", measured.warm_up))?;
        row("  operations a second", short(measured.operations_a_second))?;
        row("  target tokens a second", grouped(measured.target_tokens_a_second.round() as u64))?;
        if let Some(peak) = measured.peak_resident_bytes {
            row("  peak memory", megabytes(peak))?;
        }
        row("seconds a step", format!("{:.3}", duration.step))?;
        row("an epoch takes", output::duration(duration.epoch))?;
        row(
            "the training takes",
            format!("{}, evaluations not counted", output::duration(duration.training)),
        )?;
    }
    Ok(())
}

fn print_memory(memory: &MemoryPlan) -> anyhow::Result<()> {
    row("memory, estimated", megabytes(memory.total))?;
    row("  weights", megabytes(memory.weights))?;
    row("  gradients", megabytes(memory.gradients))?;
    row("  optimizer", megabytes(memory.optimizer))?;
    let activations = memory.activations;
    row("  activations", format!("{}, of the largest batch", megabytes(activations.total)))?;
    for (part, bytes) in [
        ("    embeddings", activations.embeddings),
        ("    encoder", activations.encoder),
        ("    decoder", activations.decoder),
        ("    loss", activations.loss),
        ("    a layer again", activations.recomputed),
    ] {
        if bytes > 0 {
            row(part, megabytes(bytes))?;
        }
    }
    row("  working memory", megabytes(memory.working))?;
    row("  freed, but kept", megabytes(memory.kept_free))?;
    row("  data and program", megabytes(memory.process))
}

fn row(name: &str, value: impl std::fmt::Display) -> anyhow::Result<()> {
    output::line(format!("{name:<26}{value}"))
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// A number with a word for its size.
fn short(number: f64) -> String {
    let sizes = [(1e15, "quadrillion"), (1e12, "trillion"), (1e9, "billion"), (1e6, "million")];
    match sizes.into_iter().find(|(size, _)| number >= *size) {
        Some((size, word)) => format!("{:.2} {word}", number / size),
        None => format!("{number:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_with_a_word_for_their_size() {
        for (number, expected) in [(12.0, "12"), (1.5e6, "1.50 million"), (2.25e12, "2.25 trillion")] {
            assert_eq!(short(number), expected);
        }
    }
}
