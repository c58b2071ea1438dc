//! Memory, a file system or open files that run out at every point of a checkpoint, and at random ones of a training:
//! the older checkpoint is whole and used, and what goes on afterwards ends as if nothing had happened.
//!
//! Without memory the process aborts, so each such point is this program once more. It has a `main` of its
//! own, since that program takes the arguments of `any2any`.

#[cfg(unix)]
#[path = "exhaustion/allocator.rs"]
mod allocator;
#[cfg(unix)]
#[path = "exhaustion/checkpoint.rs"]
mod checkpoint;
#[cfg(unix)]
mod support;
#[cfg(unix)]
#[path = "exhaustion/training.rs"]
mod training;

#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: allocator::Short = allocator::Short;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    if let Ok(part) = std::env::var(child::PART) {
        return child::run(&part);
    }
    let tests: [(&str, fn()); 4] = [
        ("writes_fail_at_every_byte", checkpoint::writes_fail_at_every_byte),
        ("files_do_not_open_at_every_point", checkpoint::files_do_not_open_at_every_point),
        ("every_allocation_fails", checkpoint::every_allocation_fails),
        ("trainings_run_short_at_random", training::trainings_run_short_at_random),
    ];
    for (name, test) in tests {
        let began = std::time::Instant::now();
        test();
        println!("{name}: {:.1} s", began.elapsed().as_secs_f64());
    }
    std::process::ExitCode::SUCCESS
}

#[cfg(not(unix))]
fn main() {}

/// This program once more, with one part of the work.
#[cfg(unix)]
mod child {
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Command, ExitCode, Output};

    use crate::allocator::{Shortage, short};
    use crate::{checkpoint, training};

    /// The variable that names the part, the number of the allocation at which a shortage begins, and what is short:
    /// `save 12 once`, `save 12 lasting`, or the most bytes of a file, `command 12 300`.
    pub(crate) const PART: &str = "ANY2ANY_TEST_PART";

    /// End of a part.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) enum End {
        Done,
        Error,
        Abort,
    }

    /// This program with a part; signals of files that are too long are ignored, so that writing them is an error.
    pub(crate) fn command(part: &str, number: u64, shortage: Shortage) -> Command {
        let program = std::env::current_exe().expect("this program");
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' XFSZ; ulimit -c 0; exec \"$0\" \"$@\""]).arg(program);
        let short = match shortage {
            Shortage::Once => "once".to_owned(),
            Shortage::Lasting => "lasting".to_owned(),
            Shortage::Bytes(most) => most.to_string(),
            Shortage::Files => unreachable!("no part is short of files"),
        };
        command.env(PART, format!("{part} {number} {short}")).env_remove("ANY2ANY_DATA");
        // An abort would look up the names of all functions that led to it.
        command.env("RUST_BACKTRACE", "0");
        command
    }

    /// Runs it, and says how it has ended and how much it has allocated when it was not aborted.
    pub(crate) fn end(mut command: Command) -> (End, Option<u64>, String) {
        let Output { status, stderr, .. } = command.output().expect("a shell");
        let said = String::from_utf8_lossy(&stderr).into_owned();
        let end = match (status.code(), status.signal()) {
            (Some(0), _) => End::Done,
            (Some(1), _) => End::Error,
            (_, Some(6)) => End::Abort,
            _ => panic!("{status}: {said}"),
        };
        let count = said.lines().find_map(|line| line.strip_prefix("allocations: ")?.parse().ok());
        (end, count, said)
    }

    pub(crate) fn run(part: &str) -> ExitCode {
        let mut words = part.split(' ');
        let mut word = || words.next().expect("three words");
        let work: fn() -> ExitCode = match word() {
            "save" => checkpoint::save,
            "load" => checkpoint::load,
            "writes" => checkpoint::writes,
            "command" => training::command,
            other => panic!("{other}"),
        };
        let number = word().parse().expect("a number");
        let shortage = match word() {
            "once" => Shortage::Once,
            "lasting" => Shortage::Lasting,
            bytes => Shortage::Bytes(bytes.parse().expect("bytes")),
        };
        let (code, count) = short(number, shortage, work);
        eprintln!("allocations: {count}");
        code
    }
}
