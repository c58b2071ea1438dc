//! Processes with limits, in which damaged files are tried one after the other.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The variable that tells a process which files to try: kind, first seed, and where to stop.
const ORDER: &str = "ANY2ANY_HOSTILE";
/// The address space of a process, in KiB.
const MEMORY: u64 = 1 << 20;
/// Longest computing time of one file. Time on the clock says little where other processes compute, too.
const PATIENCE: Duration = Duration::from_secs(5);
/// Number of processes at a time.
const PROCESSES: u64 = 2;

/// Outcomes of the files.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) works: u64,
    pub(crate) refused: u64,
    /// The longest time that one took, in milliseconds, and its seed.
    pub(crate) slowest: (u64, u64),
    /// Each seed that ended in anything else.
    pub(crate) bad: Vec<String>,
}

/// Tries the files of seeds up to a count.
pub(crate) fn in_processes(kind: &str, count: u64) -> Found {
    let share = count.div_ceil(PROCESSES);
    let shares: Vec<Found> = std::thread::scope(|scope| {
        let ranges = (0..PROCESSES).map(|part| part * share..((part + 1) * share).min(count));
        let threads: Vec<_> =
            ranges.map(|range| scope.spawn(move || in_turn(kind, range.start, range.end))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a thread that only waits")).collect()
    });
    let mut all = Found::default();
    for found in shares {
        all.works += found.works;
        all.refused += found.refused;
        all.slowest = all.slowest.max(found.slowest);
        all.bad.extend(found.bad);
    }
    all
}

pub(crate) fn report(found: &Found) {
    let Found { works, refused, slowest: (milliseconds, seed), bad } = found;
    eprintln!("{works} work, {refused} refused, {} bad; slowest: seed {seed}, {milliseconds} ms", bad.len());
}

/// One process after the other, each going on behind the file that ended the one before.
fn in_turn(kind: &str, from: u64, to: u64) -> Found {
    let mut found = Found::default();
    let mut next = from;
    while next < to {
        let program = std::env::current_exe().expect("this test");
        let output = Command::new("sh")
            .args(["-c", &format!("ulimit -v {MEMORY}; exec \"$0\" \"$@\"")])
            .arg(program)
            .args(["--exact", "hostile::child", "--nocapture", "--test-threads=1"])
            .env(ORDER, format!("{kind}:{next}:{to}"))
            .env("MALLOC_ARENA_MAX", "1")
            .env("RAYON_NUM_THREADS", "1")
            .stdin(Stdio::null())
            .output()
            .expect("a process");
        let printed = String::from_utf8_lossy(&output.stdout);
        let mut open = None;
        for line in printed.lines() {
            let words: Vec<&str> = line.splitn(4, ' ').collect();
            match words[..] {
                ["hostile", "at", seed, ..] => open = seed.parse().ok(),
                ["hostile", end, seed, rest] => {
                    let milliseconds = rest.split(' ').next().and_then(|time| time.parse().ok());
                    let seed: u64 = seed.parse().expect("a seed");
                    found.slowest = found.slowest.max((milliseconds.unwrap_or(0), seed));
                    match end {
                        "works" => found.works += 1,
                        "refused" => found.refused += 1,
                        _ => found.bad.push(format!("{kind} {seed}: {end} {rest}")),
                    }
                    next = seed + 1;
                    if end != "hang" {
                        open = None;
                    }
                }
                _ => {}
            }
        }
        if next < to {
            let seed: u64 = open.unwrap_or(next);
            let said = String::from_utf8_lossy(&output.stderr);
            if seed >= next {
                let last = said.lines().rfind(|line| !line.is_empty()).unwrap_or_default();
                found.bad.push(format!("{kind} {seed}: {} {last}", output.status));
                next = seed + 1;
            }
        }
    }
    found
}

/// Tries files if this process is there for that: `Ok(())` is a file that works, an error one that is refused.
pub(crate) fn is_child(mut try_one: impl FnMut(&str, u64) -> Result<(), String>) {
    static STARTED: AtomicU64 = AtomicU64::new(u64::MAX);
    static SEED: AtomicU64 = AtomicU64::new(0);
    let Ok(order) = std::env::var(ORDER) else { return };
    let parts: Vec<&str> = order.split(':').collect();
    let [kind, from, to] = parts[..] else { panic!("{ORDER}={order}") };
    let (from, to): (u64, u64) = (from.parse().expect("a seed"), to.parse().expect("a seed"));
    let began = Instant::now();
    let now = move || computed().unwrap_or_else(|| began.elapsed().as_millis() as u64);
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_millis(50));
            let started = STARTED.load(Ordering::SeqCst);
            if now().saturating_sub(started) > PATIENCE.as_millis() as u64 {
                println!("hostile hang {} {} ms", SEED.load(Ordering::SeqCst), now() - started);
                std::process::exit(3);
            }
        }
    });
    println!();
    for seed in from..to {
        println!("hostile at {seed} .");
        SEED.store(seed, Ordering::SeqCst);
        STARTED.store(now(), Ordering::SeqCst);
        let ended = catch_unwind(AssertUnwindSafe(|| try_one(kind, seed)));
        let took = now() - STARTED.swap(u64::MAX, Ordering::SeqCst);
        match ended {
            Ok(Ok(())) => println!("hostile works {seed} {took} ms"),
            Ok(Err(word)) => {
                let word: String = word.chars().take(300).collect();
                println!("hostile refused {seed} {took} ms {}", word.replace('\n', " "));
            }
            Err(_) => println!("hostile panics {seed} {took} ms"),
        }
    }
}

/// The milliseconds that this process has computed, where the system says it.
fn computed() -> Option<u64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program may hold spaces; what follows it may not. Of that, the 12th and the 13th are the ticks
    // of the program and of the system, of which there are 100 in a second.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    Some((ticks()? + ticks()?) * 10)
}
