//! Probe of a stranger's run: opened in another process, before a server opens it.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The time limit of opening a run.
const PATIENCE: Duration = Duration::from_secs(60);

/// Opens a run in another process.
///
/// # Errors
///
/// If the system ends that process, or it does not end: the run would take a server along. Errors in words are left to
/// whoever opens the run here.
pub(crate) fn opened_elsewhere(run: &Path) -> Result<(), String> {
    let cannot = |error: std::io::Error| format!("it cannot be tried in a process of its own: {error}");
    let program = std::env::current_exe().map_err(cannot)?;
    survives(Command::new(program).arg("describe").arg(run), PATIENCE)
}

fn survives(command: &mut Command, patience: Duration) -> Result<(), String> {
    let cannot = |error: std::io::Error| format!("it cannot be tried in a process of its own: {error}");
    let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(cannot)?;
    let stderr = child.stderr.take();
    // The process must not wait for a reader, however much it writes.
    let said = std::thread::spawn(move || {
        let mut said = Vec::new();
        let _ = stderr.map(|stderr| stderr.take(1 << 16).read_to_end(&mut said));
        String::from_utf8_lossy(&said).into_owned()
    });
    let ends = Instant::now() + patience;
    let status = loop {
        match child.try_wait().map_err(cannot)? {
            Some(status) => break status,
            None if Instant::now() < ends => std::thread::sleep(Duration::from_millis(5)),
            None => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("opening it takes longer than {} s", patience.as_secs()));
            }
        }
    };
    // A program that ends by itself has an exit code, on Unix; one that aborts has none.
    if status.code().is_some_and(|code| (0..=2).contains(&code)) {
        return Ok(());
    }
    let said = said.join().unwrap_or_default();
    let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("without a word").trim();
    Err(format!("a program that opens it is ended ({status}): {last}"))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_aborts_or_never_ends_is_told_from_one_that_complains() {
        let shell = |script: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            survives(&mut command, Duration::from_secs(1))
        };
        assert_eq!(shell("exit 0"), Ok(()));
        assert_eq!(shell("echo no such run >&2; exit 1"), Ok(()));
        let aborted =
            shell("echo memory allocation of 17 bytes failed >&2; kill -ABRT $$").expect_err("ended");
        assert!(aborted.contains("signal: 6") && aborted.ends_with("memory allocation of 17 bytes failed"));
        assert!(shell("exit 101").expect_err("a panic").contains("exit status: 101"));
        assert_eq!(shell("exec sleep 30"), Err("opening it takes longer than 1 s".to_owned()));
    }
}
