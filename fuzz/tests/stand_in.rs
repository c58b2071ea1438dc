//! Stand-in for fuzzing: 1,000 seeded inputs of every target, in processes of their own under limits of time and memory.
//!
//! ```text
//! cargo test --workspace --test stand_in                         # all targets
//! cargo test --workspace --test stand_in -- image                # those whose names contain a word
//! cargo test --workspace --test stand_in -- image_png 17         # one input again, in this process
//! cargo test --workspace --test stand_in -- --inputs 9000 image  # more inputs
//! cargo test --workspace --test stand_in -- --corpus corpus        # seeds and dictionaries into fuzz/corpus
//! ```

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use any2any_fuzz::{Target, target, targets};

/// Inputs of every target.
const INPUTS: u64 = 1_000;
/// Longest silence of a process: its start with the training, or one input, beside other work of the machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// KiB of address space of a process.
const SPACE: &str = "2097152";
/// Prefix of the line on a process's standard error that begins an input.
const BEGINS: &str = "input ";
/// Number of failures after which a target is given up.
const MOST_FAILURES: usize = 5;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["--child", name, from, to] => child(&named(name), number(from)..number(to)),
        ["--corpus", folder] => corpus(Path::new(folder)),
        [name, input] if target(name).is_some() && input.parse::<u64>().is_ok() => {
            again(&named(name), number(input))
        }
        ["--inputs", inputs, ref words @ ..] => return all(words, number(inputs)),
        _ => return all(&words, INPUTS),
    }
    ExitCode::SUCCESS
}

fn named(name: &str) -> Target {
    target(name).unwrap_or_else(|| panic!("there is no target {name}"))
}

fn number(text: &str) -> u64 {
    text.parse().unwrap_or_else(|_| panic!("{text} is no number"))
}

/// Reads inputs, and says before each which one it is, and after it what became of it.
fn child(target: &Target, inputs: Range<u64>) {
    static PANIC: Mutex<String> = Mutex::new(String::new());
    std::panic::set_hook(Box::new(|panic| {
        if let Ok(mut last) = PANIC.lock() {
            *last = panic.to_string().replace('\n', ": ");
        }
    }));
    let seeds = (target.seeds)();
    let mut out = std::io::stdout();
    let mut say = |what: &str, number: u64| writeln!(out, "{number} {what}").and_then(|()| out.flush());
    let end = inputs.end;
    for input in inputs {
        let bytes = target.input(&seeds, input);
        eprintln!("{BEGINS}{input}");
        let _ = say("begins", input);
        let outcome = match catch_unwind(AssertUnwindSafe(|| target.read(&bytes))) {
            Err(_) => &format!("panics: {}", PANIC.lock().map(|last| last.clone()).unwrap_or_default()),
            Ok(true) => "reads",
            Ok(false) if input < seeds.len() as u64 => "is a valid file, and not read",
            Ok(false) => "refuses",
        };
        let _ = say(outcome, input);
    }
    let _ = say("done", end);
    // Threads of a server need not be waited for.
    std::process::exit(0);
}

/// Reads one input with nothing around it, and leaves its bytes for a look.
fn again(target: &Target, input: u64) {
    let bytes = target.input(&(target.seeds)(), input);
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{input}", target.name));
    std::fs::write(&path, &bytes).expect("a temporary file");
    println!("{} bytes: {}", bytes.len(), path.display());
    let began = Instant::now();
    let read = target.read(&bytes);
    println!("{} after {:.3} s", if read { "read" } else { "refused" }, began.elapsed().as_secs_f64());
    std::process::exit(0);
}

/// Writes the seeds of every target into a folder of its own, and beside it a dictionary as libFuzzer reads it.
fn corpus(folder: &Path) {
    for Target { name, seeds, tokens, .. } in targets() {
        let place = folder.join(name);
        std::fs::create_dir_all(&place).expect("a folder");
        for (number, seed) in seeds().iter().enumerate() {
            std::fs::write(place.join(format!("seed-{number}")), seed).expect("written");
        }
        let word = |word: &&str| {
            let bytes: String = word.bytes().map(|byte| format!("\\x{byte:02x}")).collect();
            format!("\"{bytes}\"\n")
        };
        // An empty dictionary would be refused.
        let words = format!("# words of {name}\n{}", tokens.iter().map(word).collect::<String>());
        std::fs::write(folder.join(format!("{name}.dict")), words).expect("written");
    }
}

/// Outcomes of the inputs of a target.
#[derive(Default)]
struct Report {
    read: u64,
    refused: u64,
    slowest: (Duration, u64),
    failures: Vec<(u64, String)>,
}

fn all(words: &[&str], inputs: u64) -> ExitCode {
    if words.contains(&"--list") {
        return ExitCode::SUCCESS;
    }
    let words: Vec<&str> = words.iter().copied().filter(|word| !word.starts_with('-')).collect();
    let wanted = |target: &Target| words.is_empty() || words.iter().any(|word| target.name.contains(word));
    let targets: Vec<Target> = targets().into_iter().filter(wanted).collect();
    // In memory where there is such a place, since every input is written.
    let scratch =
        tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a temporary folder");
    let began = Instant::now();
    let queue = Mutex::new(targets.iter());
    let broken = Mutex::new(BTreeSet::new());
    let threads = std::thread::available_parallelism().map_or(2, usize::from).min(8);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().ok().and_then(|mut queue| queue.next());
                    let Some(target) = next else { break };
                    let began = Instant::now();
                    let report = report(target, inputs, scratch.path());
                    print(target, &report, began.elapsed());
                    if let Ok(mut broken) = broken.lock() {
                        broken.extend((!report.failures.is_empty()).then_some(target.name));
                    }
                }
            });
        }
    });
    let broken = broken.into_inner().unwrap_or_default();
    println!("{} targets, {inputs} inputs each, in {:.0} s", targets.len(), began.elapsed().as_secs_f64());
    if broken.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("broken: {broken:?}");
    ExitCode::FAILURE
}

fn print(target: &Target, report: &Report, time: Duration) {
    let Report { read, refused, slowest: (longest, at), failures } = report;
    println!(
        "{}: {read} read, {refused} refused, {} failed in {:.1} s; the slowest is {at} with {:.2} s",
        target.name,
        failures.len(),
        time.as_secs_f64(),
        longest.as_secs_f64(),
    );
    for (number, reason) in failures {
        println!(
            "  input {number}: {reason}\n    again: cargo test --workspace --test stand_in -- {} {number}",
            target.name
        );
    }
}

/// Reads all inputs of a target in processes: a new one after each that ended early.
fn report(target: &Target, inputs: u64, scratch: &Path) -> Report {
    let mut report = Report::default();
    let mut from = 0;
    while from < inputs && report.failures.len() < MOST_FAILURES {
        let mut child = spawn(target, from..inputs, scratch);
        let said = Arc::new(Mutex::new(String::new()));
        let errors = child.stderr.take().map(|stderr| {
            let said = said.clone();
            std::thread::spawn(move || listen(stderr, &said))
        });
        let ended = follow(target, &mut child, &mut report);
        let _ = child.kill();
        let status = child.wait().expect("a process that was started");
        errors.map(std::thread::JoinHandle::join);
        match ended {
            Ended::Done => break,
            Ended::Silent(at) => {
                report.failures.push((at, format!("takes more than {} s", PATIENCE.as_secs())));
                from = at + 1;
            }
            Ended::Gone(at) => {
                let said = said.lock().map(|said| said.clone()).unwrap_or_default();
                let said =
                    said.rsplit_once(&format!("{BEGINS}{at}\n")).map_or(&*said, |(_, said)| said).trim();
                report.failures.push((at, format!("ends the process ({status}): {said}")));
                from = at + 1;
            }
        }
    }
    report
}

fn spawn(target: &Target, inputs: Range<u64>, scratch: &Path) -> Child {
    let this = std::env::current_exe().expect("a program");
    let mut command = if cfg!(target_os = "linux") {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -v {SPACE}; exec \"$0\" \"$@\"")]).arg(this);
        command
    } else {
        Command::new(this)
    };
    command
        .args(["--child", target.name, &inputs.start.to_string(), &inputs.end.to_string()])
        .envs([("RAYON_NUM_THREADS", "1"), ("MALLOC_ARENA_MAX", "2"), ("RUST_BACKTRACE", "0")])
        .env("TMPDIR", scratch)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("this program runs")
}

/// Keeps the end of what a process says.
fn listen(mut stderr: impl Read, said: &Mutex<String>) {
    let mut part = [0; 4096];
    while let Ok(read @ 1..) = stderr.read(&mut part) {
        let Ok(mut said) = said.lock() else { return };
        said.push_str(&String::from_utf8_lossy(&part[..read]));
        let surplus = said.len().saturating_sub(600);
        let start = (surplus..).find(|&at| said.is_char_boundary(at)).unwrap_or(0);
        said.drain(..start);
    }
}

/// End of a process.
enum Ended {
    Done,
    /// It said nothing for too long about an input.
    Silent(u64),
    /// It was gone in the middle of an input.
    Gone(u64),
}

fn follow(target: &Target, child: &mut Child, report: &mut Report) -> Ended {
    let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let (sender, receiver) = channel();
    std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| sender.send(line)));
    let (mut at, mut began) = (0, Instant::now());
    loop {
        let line = match receiver.recv_timeout(PATIENCE) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => return Ended::Silent(at),
            Err(RecvTimeoutError::Disconnected) => return Ended::Gone(at),
        };
        let Some((number, what)) = line.split_once(' ') else { continue };
        let Ok(number) = number.parse() else { continue };
        match what {
            "begins" => {
                (at, began) = (number, Instant::now());
                continue;
            }
            "reads" => report.read += 1,
            "refuses" => report.refused += 1,
            "done" => return Ended::Done,
            failure => report.failures.push((number, failure.to_owned())),
        }
        report.slowest = report.slowest.max((began.elapsed(), number));
        if report.failures.len() >= MOST_FAILURES {
            eprintln!("{} is given up", target.name);
            return Ended::Done;
        }
    }
}
