//! `any2any bench`: the speed of this program on this machine.

mod decode;
mod encoder;
mod kernels;
mod serve;
mod train;

use any2any_adapter::Registry;

use crate::arguments::{BenchArguments, BenchCommand};

pub(crate) fn run(arguments: BenchArguments, registry: &Registry) -> anyhow::Result<()> {
    match arguments.command {
        BenchCommand::Train(arguments) => train::run(&arguments, registry),
        BenchCommand::Decode(arguments) => decode::run(&arguments, registry),
        BenchCommand::Encoder(arguments) => encoder::run(&arguments, registry),
        BenchCommand::Kernels(arguments) => kernels::run(&arguments),
        BenchCommand::Serve(arguments) => serve::run(&arguments, registry),
    }
}

/// A name and a value as a line of a table.
fn row(name: &str, value: impl std::fmt::Display) -> anyhow::Result<()> {
    crate::output::line(format!("  {name:<24}{value}"))
}

/// Prints the head of a table: the backend, the number of threads and of parameters.
fn head(name: &str, backend: &str, threads: usize, parameters: usize) -> anyhow::Result<()> {
    let threads = if threads == 1 { "1 thread".to_owned() } else { format!("{threads} threads") };
    let parameters = any2any_adapter::grouped(parameters as u64);
    crate::output::line(format!("{name} on {backend}, {threads}: {parameters} parameters"))
}

/// Prints peak memory as a line of a table.
fn memory(peak: Option<u64>) -> anyhow::Result<()> {
    match peak {
        Some(bytes) => row("peak memory", format!("{:.1} MB", bytes as f64 / 1e6)),
        None => row("peak memory", "not known on this system"),
    }
}
