//! Logs of trainings and sweeps, read while they are written.

use std::io::{BufRead, BufReader, ErrorKind, Read};

use any2any_run::atomic_file::open as open_file;
use any2any_run::{RunFolder, is_running, sweep};
use serde_json::{Map, Value};

use crate::api_error::ApiError;
use crate::protocol::{Sweep, Training};

/// The most lines of one answer.
const LINES: usize = 10_000;
/// The most bytes of one line, and of one answer but for its last line.
const BYTES: usize = 16 << 20;

/// The lines of a run's log from a number on.
///
/// A last line that is only half written is left for the next time.
pub(crate) fn training(run: &RunFolder, from: usize) -> Result<Training, ApiError> {
    // Asked before the log is read: the lines that a training wrote before it ended are then in the answer.
    let running = is_running(run.path());
    let file = match open_file(&run.metrics()) {
        Ok((file, _)) => file,
        // The training has just begun.
        Err(error) if error.kind() == ErrorKind::NotFound && running => {
            return Ok(Training { from: 0, lines: Vec::new(), next: 0, more: false, running });
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let help = "a folder that `any2any train` wrote has one; a copy made by `any2any export` has not";
            return Err(ApiError::missing("this run has no log of its training", help));
        }
        Err(error) => return Err(ApiError::internal(format!("the log cannot be read: {error}"))),
    };
    let answer = lines(BufReader::new(file), from).and_then(|(skipped, answer)| match skipped == from {
        true => Ok((from, answer)),
        // The log has become shorter: from its beginning again.
        false => Ok((0, lines(BufReader::new(open_file(&run.metrics())?.0), 0)?.1)),
    });
    let (from, Part { lines, count, more }) =
        answer.map_err(|error| ApiError::internal(format!("the log cannot be read: {error}")))?;
    Ok(Training { from, lines, next: from + count, more, running })
}

/// A part of a log.
struct Part {
    lines: Vec<Map<String, Value>>,
    /// The number of whole lines that were read, those that are no object counted.
    count: usize,
    more: bool,
}

/// Skips `from` whole lines and reads those that follow. Also gives the number of skipped lines.
fn lines(mut log: impl BufRead, from: usize) -> std::io::Result<(usize, Part)> {
    let mut read = Part { lines: Vec::new(), count: 0, more: false };
    let mut bytes = 0;
    let mut line = Vec::new();
    let mut number = 0;
    loop {
        line.clear();
        log.by_ref().take(BYTES as u64).read_until(b'\n', &mut line)?;
        if line.len() == BYTES {
            return Err(std::io::Error::other(format!("line {} has more than {BYTES} bytes", number + 1)));
        }
        if !line.ends_with(b"\n") {
            break;
        }
        if number >= from {
            if read.count == LINES || bytes > BYTES {
                read.more = true;
                break;
            }
            bytes += line.len();
            read.count += 1;
            read.lines.extend(serde_json::from_slice::<Map<String, Value>>(&line));
        }
        number += 1;
    }
    Ok((number.min(from), read))
}

/// The result of a sweep, from its folder.
pub(crate) fn sweep(run: &RunFolder) -> Result<Sweep, ApiError> {
    let running = is_running(run.path());
    let found = sweep::read(run.path())?.ok_or_else(|| {
        ApiError::missing(
            "this run is no sweep",
            "make one with `any2any sweep CONFIG --over OPTION=FROM..TO:COUNT`",
        )
    })?;
    let sweep::Sweep { name, config, overrides, steps, points, axes, cells, experiment: _ } = found;
    Ok(Sweep { name, config, overrides, steps, points, axes, cells, running })
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write;

    use super::*;

    fn steps(training: &Training) -> Vec<u64> {
        training.lines.iter().filter_map(|line| line["step"].as_u64()).collect()
    }

    #[test]
    fn a_log_is_read_while_it_grows() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let run = RunFolder::new(folder.path());
        assert!(training(&run, 0).is_err(), "there is no log");
        let mut log = File::create(run.metrics()).expect("writable");
        let write = |log: &mut File, text: &str| log.write_all(text.as_bytes()).expect("written");
        // The added text, the first line asked for, the steps in the answer, and the line to ask for next.
        let cases: [(&str, usize, &[u64], usize); 6] = [
            (
                "{\"kind\":\"train\",\"step\":1}\n{\"kind\":\"train\",\"step\":2}\n{\"kind\":\"tr",
                0,
                &[1, 2],
                2,
            ),
            ("", 2, &[], 2),
            ("ain\",\"step\":3}\n", 2, &[3], 3),
            ("no JSON\n[4]\n{\"step\":5}\n", 3, &[5], 6),
            ("", 6, &[], 6),
            // As if the log were another, and shorter.
            ("", 9, &[1, 2, 3, 5], 6),
        ];
        for (added, from, expected, next) in cases {
            write(&mut log, added);
            let answer = training(&run, from).expect("a log");
            assert_eq!((&steps(&answer)[..], answer.next), (expected, next), "{added:?} from {from}");
            assert_eq!(answer.from, if from == 9 { 0 } else { from });
            assert!(!answer.more && !answer.running);
        }
    }

    #[test]
    fn a_log_without_end_is_refused_and_a_large_one_comes_in_parts() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let run = RunFolder::new(folder.path());
        let line = |length: usize| format!("{{\"step\":1,\"text\":\"{}\"}}\n", "a".repeat(length));
        std::fs::write(run.metrics(), line(BYTES / 2).repeat(5)).expect("writable");
        let first = training(&run, 0).expect("a log");
        assert_eq!((first.lines.len(), first.next, first.more), (2, 2, true));
        let last = training(&run, 4).expect("a log");
        assert_eq!((last.lines.len(), last.next, last.more), (1, 5, false));

        std::fs::write(run.metrics(), line(3) + &line(BYTES)).expect("writable");
        let reason = training(&run, 0).expect_err("a line without end").reason();
        assert!(reason.contains("line 2 has more than 16777216 bytes"), "{reason}");
        std::fs::remove_file(run.metrics()).expect("removed");
        std::fs::create_dir(run.metrics()).expect("a folder");
        assert!(training(&run, 0).expect_err("a folder").reason().contains("it is no file"));
    }

    #[test]
    fn a_long_log_comes_in_parts() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let run = RunFolder::new(folder.path());
        let text: String = (1..=LINES + 5).map(|step| format!("{{\"step\":{step}}}\n")).collect();
        std::fs::write(run.metrics(), text).expect("writable");
        let first = training(&run, 0).expect("a log");
        assert_eq!((first.lines.len(), first.next, first.more), (LINES, LINES, true));
        let second = training(&run, first.next).expect("a log");
        assert_eq!((steps(&second).len(), second.next, second.more), (5, LINES + 5, false));
    }
}
