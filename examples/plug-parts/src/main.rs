//! `any2any` with parts of its own: a metric, a schedule, a loss, a block and an observer.
//!
//!     cargo run --release -p plug-parts -- train examples/plug-parts/parts.yaml
//!
//! Everything that is added here stands in the YAML, in `any2any schema` and in the run, and is checked with the rest.

mod block;
mod loss;
mod metric;
mod observer;
mod schedule;

use std::process::ExitCode;

use any2any::Program;

fn main() -> ExitCode {
    Program::new(any2any::media())
        .metric::<metric::LastWord>("last_word")
        .schedule::<schedule::Triangle>("triangle")
        .loss::<loss::Confidence>("confidence")
        .block::<block::Gate>("gate")
        .observer(observer::Norms::default)
        .main()
}
